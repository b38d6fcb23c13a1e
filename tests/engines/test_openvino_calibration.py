"""NNCF is given photos from all of the set, and a graph of its that answers otherwise is refused."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import openvino.opset13 as op
import pytest
from PIL import Image

from inception_hub.engines import openvino_calibration as calibration
from inception_hub.errors import QuantizationError
from inception_hub.quantization import quantization as quantize


@pytest.fixture
def module(small_module: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(small_module, tmp_path / "module"))


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Twelve photos, each of one grey that tells its place in the set."""
    for number in range(12):
        folder = tmp_path / "photos" / "abc"[number // 4]
        folder.mkdir(parents=True, exist_ok=True)
        Image.new("L", (64, 64), 20 * number).save(folder / f"{number:02}.png")
    return tmp_path / "photos"


def taken(module: Path, photos: Path, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The places in the set of the photos that calibration is given."""
    places: list[int] = []

    def record(architecture: Any, weights: Any, images: Any) -> Any:
        places.extend(round(float(image.mean()) * 255 / 20) for image in images)
        raise QuantizationError("enough.")

    monkeypatch.setattr(calibration, "calibrate", record)
    with pytest.raises(QuantizationError, match="enough"):
        quantize.quantize(module, str(photos))
    return places


def test_calibration_photos_come_from_all_of_the_set(
    module: Path, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert taken(module, photos, monkeypatch) == [0, 2, 4, 6, 8, 11]
    monkeypatch.setattr(quantize, "CALIBRATION", 3)
    assert taken(module, photos, monkeypatch) == [0, 5, 11]


def test_a_graph_of_the_same_numbers_that_answers_otherwise(
    module: Path, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An NNCF that put a step of its own behind the logits: every array is where it was."""
    import nncf

    quantized = nncf.quantize
    before = {path.name: path.read_bytes() for path in module.iterdir()}

    def doubled(*arguments: Any, **options: Any) -> Any:
        graph = quantized(*arguments, **options)
        (result,) = graph.get_results()
        twice = op.multiply(result.input_value(0), np.float32(2))
        result.input(0).replace_source_output(twice.output(0))
        return graph

    monkeypatch.setattr(nncf, "quantize", doubled)
    with pytest.raises(QuantizationError, match=r"NNCF .* not known here \(other logits\); install"):
        quantize.quantize(module, str(photos), max_drop=100)
    assert {path.name: path.read_bytes() for path in module.iterdir()} == before


@pytest.mark.parametrize(("f32", "int8", "kept"), [(0.9, 0.8, False), (0.8, 0.9, True), (0.9, 0.86, True)])
def test_what_int8_may_lose(
    module: Path, photos: Path, monkeypatch: pytest.MonkeyPatch, f32: float, int8: float, kept: bool
) -> None:
    monkeypatch.setattr(quantize, "_calibrated", lambda *_: {})
    monkeypatch.setattr(quantize, "_check", lambda *_: quantize.Check(10, 0.5, f32, int8))
    added: list[Any] = []
    monkeypatch.setattr(quantize.bundles, "add_int8", lambda *arguments: added.append(arguments))
    if kept:
        quantize.quantize(module, str(photos), max_drop=5)
        assert added[0][2] == {
            "data": "photos", "images": 10, "precision": "int8", "top1": int8, "agreement": 0.5,
        }  # fmt: skip
    else:
        with pytest.raises(QuantizationError, match="loses too much and is not kept .*at most 5 points"):
            quantize.quantize(module, str(photos), max_drop=5)
        assert not added
