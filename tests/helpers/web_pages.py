"""What tests of `export --to html` share."""

import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from inception_hub import bundle
from inception_hub.bundle import Bundle
from inception_hub.formats.onnxruntime_web import FETCH, PACKAGE
from inception_hub.labels import Labels

HOSTILE = "</script><script>alert(1)</script><!-- 'x' & \"y\""


def web_runtime() -> Path:
    """onnxruntime-web's package: what ONNXRUNTIME_WEB names, or what `make` put into the environment.

    The test is skipped where it is not there.
    """
    file = Path(os.environ.get("ONNXRUNTIME_WEB", Path(sys.prefix) / PACKAGE))
    if not file.is_file():
        pytest.skip(f"onnxruntime-web is not there: {FETCH}")
    return file


def hostile(small_module: Path) -> Bundle:
    """The small module with a stranger's texts, and the preset `slim`."""
    made = bundle.read(small_module)
    labels = Labels((HOSTILE, *"bcdefghij"), (None,) * 10)
    return replace(made, name=HOSTILE, labels=labels, card=f"# {HOSTILE}", resize="slim")
