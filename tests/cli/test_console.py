"""Which module a verb takes where none is given."""

import json
from pathlib import Path

import pytest
from helpers.command import run

from inception_hub import bundle
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
