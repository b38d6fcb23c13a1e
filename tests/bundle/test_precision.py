"""`auto`: the fastest precision that was measured for the module and that the machine computes."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from helpers.command import run
from PIL import Image

import inception_hub as hub
from inception_hub.bundle.precision import fastest_measured
from inception_hub.engines import EngineOptions, Precision, load_engine

INT8 = {"data": "some photos", "precision": "int8", "top1": 0.5, "agreement": 0.942}
BF16 = {"data": "some photos", "precision": "bf16", "top1": 0.606}
F32 = {"data": "some photos", "top1": 0.61}
AGREES, KNOWS = "the same first answer as f32 for 94.2% of some photos", "60.6% top-1 on some photos"


@pytest.fixture
def able(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """What the machine has instructions for."""
    able = {"f32", "bf16", "int8"}
    for engine in ("openvino", "torch"):
        monkeypatch.setattr(
            load_engine(engine), "computes", staticmethod(lambda precision, device: precision in able)
        )
    return able


@pytest.mark.parametrize(
    ("facts", "with_graph", "missing", "expected", "why"),
    [
        ([F32, BF16, INT8], True, "", "int8", AGREES),
        ([F32, BF16, INT8], False, "", "bf16", KNOWS),
        ([F32, BF16, INT8], True, "int8", "bf16", KNOWS),
        ([F32, INT8], True, "int8", "f32", "no faster precision"),
        ([F32, BF16, {**INT8, "agreement": None}], True, "", "bf16", KNOWS),
        ([F32], True, "", "f32", "no faster precision"),
        ([F32, BF16], True, "bf16", "f32", "no faster precision"),
    ],
)  # fmt: skip
def test_the_fastest_that_is_measured(
    able: set[str],
    facts: list[dict[str, Any]],
    with_graph: bool,
    missing: str,
    expected: Precision,
    why: str,
) -> None:
    bundle = hub.load_module_spec("tiny_imagenet").bundle
    bundle = replace(bundle, accuracy=tuple(facts), int8=bundle.int8 if with_graph else None)
    able.discard(missing)
    found, reason = fastest_measured(bundle, "openvino", EngineOptions())
    assert found == expected and why in reason


def test_what_trains_is_not_rounded(able: set[str]) -> None:
    bundle = hub.load_module_spec("tiny_imagenet").bundle
    for options in (EngineOptions(trainable=True), EngineOptions(batch_statistics=True)):
        assert fastest_measured(bundle, "torch", options)[0] == "f32"
    assert hub.Module("tiny_imagenet", trainable=True, precision="auto").precision == "f32"


def test_int8_is_not_pytorchs() -> None:
    engine = load_engine("torch")
    assert engine.computes("f32", None) and not engine.computes("int8", None)


def test_a_module_says_what_it_took_and_why() -> None:
    module = hub.Module("tiny_imagenet", precision="auto")
    assert module.precision_reason is not None
    measured = "the same first answer as f32 for 95.8% of"
    assert (module.precision == "int8") == module.precision_reason.startswith(measured)
    assert hub.Module("tiny_imagenet").precision_reason is None


def test_the_command_line_says_it(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    photo = tmp_path / "photo.png"
    Image.new("RGB", (40, 30), "green").save(photo)
    code, _, err = run(capsys, "classify", photo, "--precision", "auto", "--format", "jsonl")
    assert code == 0
    module = hub.Module("tiny_imagenet", precision="auto")
    assert f"Computing in {module.precision}: {module.precision_reason}." in err
