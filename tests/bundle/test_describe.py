"""A module in facts, each where it belongs."""

from dataclasses import replace
from pathlib import Path

from inception_hub import bundle
from inception_hub.bundle.describe import describe, page_facts
from inception_hub.labels import Labels


def test_every_fact(small_module: Path, tmp_path: Path) -> None:
    figures = {"data": "ten photos", "images": 10, "top1": 0.5}
    made = replace(bundle.read(small_module), image_size=(96, 64), resize="slim", accuracy=(figures,))
    bundle.write(made, tmp_path / "module")
    facts = describe(tmp_path / "module")
    architecture = made.architecture
    assert facts["image_size"] == [96, 64] and facts["resize"] == "slim"
    assert facts["labels"] == list("abcdefghij") and facts["classes"] == 10
    assert facts["gigamacs"] == round(architecture.macs(96, 64) / 1e9, 3)
    assert (facts["features"], facts["variables"]) == (256, 277)
    assert facts["parameters"] == architecture.num_parameters()
    sizes = [path.stat().st_size for path in (tmp_path / "module").iterdir() if path.name != "module.json"]
    assert facts["bytes"] == sum(sizes)
    assert facts["architecture"] == "Inception V2, depth_multiplier 0.25"
    assert facts["provenance"] == {"source": "random numbers", "licence": "Apache-2.0"} and facts[
        "accuracy"
    ] == [figures]
    assert facts["path"] == str(tmp_path / "module") and facts["name"] == "small"


def test_a_module_without_classes(small_module: Path, tmp_path: Path) -> None:
    bundle.write(bundle.read(small_module).without_head(), tmp_path / "vectors")
    facts = describe(tmp_path / "vectors")
    assert (facts["classes"], facts["labels"]) == (0, [])
    assert len(facts["signatures"]) == 3


def test_what_a_page_says(small_module: Path) -> None:
    made = bundle.read(small_module)
    nested: dict[str, object] = {"data": "x", "top1": 0.5, "top5": float("inf"), "more": [[1]]}
    facts = page_facts(replace(made, accuracy=(nested,), card="# Small", image_size=(96, 64)))
    assert (facts["name"], facts["classes"], facts["image_size"]) == ("small", 10, [96, 64])
    assert facts["parameters"] == made.architecture.num_parameters() and facts["card"] == "# Small"
    assert (facts["licence"], facts["source"]) == ("Apache-2.0", "random numbers")
    assert facts["accuracy"] == [{"data": "x", "top1": 0.5, "top5": None}]
    assert not facts["knows_example"]
    fruits = Labels((*"abcdefghi", "lemon"), (None,) * 10)
    assert page_facts(replace(made, labels=fruits))["knows_example"]


def test_whether_it_is_calibrated(small_module: Path, calibrated_module: Path) -> None:
    assert describe(calibrated_module)["calibrated"] is True and describe(small_module)["calibrated"] is False
    assert page_facts(bundle.read(calibrated_module))["calibrated"] is True
    assert page_facts(bundle.read(small_module))["calibrated"] is False
