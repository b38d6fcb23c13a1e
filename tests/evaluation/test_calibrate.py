"""`calibrate`: which photos it takes, what it writes, and what it refuses."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from helpers.dataset_photos import png

import inception_hub as hub
from inception_hub import bundle
from inception_hub.calibration import Calibration
from inception_hub.errors import ArgumentError
from inception_hub.evaluation.calibrate import CalibrationResult


def folder(root: Path, *, classes: str = "abc", each: int = 4, start: int = 0) -> Path:
    """A folder of photos for each of `classes`."""
    for number, name in enumerate(classes):
        (root / name).mkdir(parents=True)
        for i in range(each):
            seed = start + number * each + i
            (root / name / f"{seed}.png").write_bytes(png(seed, (40, 30)))
    return root


@pytest.fixture
def copy(small_module: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(small_module, tmp_path / "module"))


def calibration(directory: Path) -> Calibration:
    held = bundle.read(directory)
    assert held.calibration is not None
    return Calibration.of(held.architecture, held.calibration)


def test_one_set_of_photos_is_halved(copy: Path, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    data = folder(tmp_path / "data")
    result = hub.calibrate(copy, data, on_progress=lambda done, total: seen.append((done, total)))
    assert isinstance(result, CalibrationResult)
    assert (result.held_out, result.learned) == (6, "half of the photos")
    assert result.most == pytest.approx(6 / 7) and not result.unreadable
    assert any("trained on would make it seem surer" in note for note in result.notes)
    assert any(
        "of these classes, so how often sets hold them is not known: d; e; f" in note for note in result.notes
    )
    assert np.bincount(calibration(copy).classes).tolist() == [2, 2, 2]
    assert calibration(copy).temperature == result.temperature
    assert seen[-1] == (12, 12)
    assert next(iter(hub.classify(data, copy, coverage=0.8))).unknown is not None


def test_splits_have_their_parts(copy: Path, tmp_path: Path) -> None:
    for name, each, start in (("train", 5, 0), ("validation", 3, 100), ("test", 2, 200)):
        folder(tmp_path / "data" / name, each=each, start=start)
    result = hub.calibrate(copy, tmp_path / "data")
    assert (result.held_out, result.learned) == (9, "training photos")
    assert not any("trained on" in note for note in result.notes)
    first = (copy / "calibration.safetensors").read_bytes()
    assert hub.calibrate(copy, tmp_path / "data", split="test").held_out == 6
    assert (copy / "calibration.safetensors").read_bytes() != first, "in place of the earlier one"
    hub.calibrate(copy, tmp_path / "data")
    assert (copy / "calibration.safetensors").read_bytes() == first, "the same photos, the same file"
    assert bundle.verify(copy)
    with pytest.raises(ArgumentError, match="has no split 'night'; it has train, validation, test"):
        hub.calibrate(copy, tmp_path / "data", split="night")


def test_photos_that_cannot_be_read_are_told(copy: Path, tmp_path: Path) -> None:
    data = folder(tmp_path / "data")
    (data / "a" / "0.png").write_bytes(b"no photo")
    result = hub.calibrate(copy, data)
    assert len(result.unreadable) == 1 and "0.png" in result.unreadable[0]


@pytest.mark.parametrize(
    "classes, each, message",
    [
        ("ab", 2, "data has 2 photos to hold out and a coverage of 0.8 needs 4; give more, best 99 or more"),
        ("az", 9, "z"),
    ],
)
def test_data_that_will_not_do(classes: str, each: int, message: str, copy: Path, tmp_path: Path) -> None:
    data = folder(tmp_path / "data", classes=classes, each=each)
    before = {path.name: path.read_bytes() for path in copy.iterdir()}
    with pytest.raises(ArgumentError, match=message):
        hub.calibrate(copy, data)
    assert {path.name: path.read_bytes() for path in copy.iterdir()} == before


def test_only_a_directory_of_ones_own(tmp_path: Path) -> None:
    message = "tiny_imagenet is no directory of yours; copy it with inception-hub convert tiny_imagenet DIR"
    with pytest.raises(ArgumentError, match=message):
        hub.calibrate("tiny_imagenet", folder(tmp_path / "data"))


def test_a_module_without_classes(small_module: Path, tmp_path: Path) -> None:
    bundle.write(bundle.read(small_module).without_head(), tmp_path / "headless")
    with pytest.raises(
        ArgumentError, match="small has no classes to be sure of; calibrate a module that has"
    ):
        hub.calibrate(tmp_path / "headless", folder(tmp_path / "data"))
