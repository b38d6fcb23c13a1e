"""Which module a verb takes where none is given; tables."""

import io
import json
import os
import sys
from pathlib import Path

import pytest
from helpers.command import run
from rich.table import Table

from inception_hub import bundle
from inception_hub.cli import streams
from inception_hub.cli.console import put, put_table
from inception_hub.sources.cache import default_cache
from inception_hub.sources.keys import text_key
from inception_hub.sources.original import CLASSIFICATION


def test_the_bundled_module_answers_until_the_original_is_pulled(
    capsys: pytest.CaptureFixture[str], photos: Path
) -> None:
    code, out, err = run(capsys, "classify", photos / "0.png", "--format", "jsonl")
    assert code == 0
    assert json.loads(out)["module"] == "tiny_imagenet"
    assert err.splitlines() == [
        "Answering with tiny_imagenet: 200 classes, 60.6% top-1; others get wrong names.",
        "The original with its 1001 ImageNet classes: inception-hub pull imagenet",
    ]


def test_the_original_answers_once_it_is_pulled(
    capsys: pytest.CaptureFixture[str], photos: Path, small_module: Path
) -> None:
    default_cache().put(text_key(CLASSIFICATION), lambda path: bundle.write(bundle.read(small_module), path))
    code, out, err = run(capsys, "classify", photos / "0.png", "--format", "jsonl")
    assert code == 0 and json.loads(out)["module"] == "small" and err == "Answering with small.\n"


def test_vectors_have_no_names_to_get_wrong(capsys: pytest.CaptureFixture[str], photos: Path) -> None:
    code, _, err = run(capsys, "embed", photos / "0.png")
    assert code == 0 and err == "Answering with tiny_imagenet.\n"
    code, _, err = run(capsys, "similar", photos / "0.png", "--among", photos, "--format", "csv")
    assert code == 0 and err.startswith("Answering with tiny_imagenet.\n") and "wrong names" not in err


def test_a_reader_that_has_gone_ends_a_table_as_it_ends_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Status 0 for both; rich would end the process with 1."""
    reader, writer = os.pipe()
    os.close(reader)
    with streams._Output(writer, "w") as raw:
        monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BufferedWriter(raw)))
        put("before the table")
        with pytest.raises(BrokenPipeError):
            put_table(Table("column"))
        monkeypatch.setattr(raw, "given_up", True)
        sys.stdout.close()
