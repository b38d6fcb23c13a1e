"""The card's metadata and `config.json`, as the Hugging Face Hub's own library reads them."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from inception_hub import bundle
from inception_hub.bundle.card import with_metadata, without_metadata


def test_a_directory_is_a_model_repository(small_module: Path, tmp_path: Path) -> None:
    from huggingface_hub import ModelCard

    bundle.write(
        replace(
            bundle.read(small_module),
            card="# Small\n\nFor tests.\n",
            accuracy=(
                {"data": "photos", "images": 4, "top1": 0.75},
                {"data": "photos", "precision": "int8", "top1": 0.5},
            ),
        ),
        tmp_path / "module",
    )
    card = ModelCard.load(tmp_path / "module" / "README.md")
    assert card.text.strip() == "# Small\n\nFor tests."
    assert (card.data.library_name, card.data.license) == ("inception-hub", "apache-2.0")
    assert card.data.pipeline_tag == "image-classification"
    (result,) = card.data.eval_results or ()
    assert (result.dataset_name, result.metric_type, result.metric_value) == ("photos", "accuracy", 0.75)
    labels = json.loads((tmp_path / "module" / "config.json").read_text("utf-8"))["id2label"]
    assert labels == {str(index): name for index, name in enumerate(bundle.read(small_module).labels)}
    assert bundle.read(tmp_path / "module").card == "# Small\n\nFor tests.\n"


@pytest.mark.parametrize(
    ("licence", "metadata"),
    [("Apache-2.0", "apache-2.0"), ("unknown", "other"), ("ask\nthe author", "other"), ("", "other")],
)
def test_the_licence_is_an_identifier_of_the_hub(licence: str, metadata: str) -> None:
    assert f"\nlicense: {metadata}\n" in with_metadata("body", "name", licence, 10, ())


@pytest.mark.parametrize("body", ["", "# Title\n", "---\nrule\n---\n", "text\n---\nmore\n"])
def test_the_body_comes_back(body: str) -> None:
    card = with_metadata(body, "a: name", "MIT", 0, [{"data": "photos", "top1": 0.5}])
    assert "pipeline_tag: image-feature-extraction" in card
    assert without_metadata(card) == body
