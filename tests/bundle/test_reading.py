"""Reading a module directory: the weights as documented, texts that are no text, weights checked before."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from helpers.manifests import describe_again

from inception_hub import bundle
from inception_hub.errors import FormatError, WeightsError
from inception_hub.weights import save


def test_the_weights_file_begins_as_the_docs_say(small_module: Path) -> None:
    content = (small_module / "weights.safetensors").read_bytes()
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    variables = {name: entry for name, entry in header.items() if name != "__metadata__"}
    assert len(variables) == 277
    entry = variables["InceptionV2/Mixed_4b/Branch_1/Conv2d_0b_3x3/weights"]
    assert entry["dtype"] == "F32" and entry["shape"] == [3, 3, 16, 24]
    begin, end = (8 + length + offset for offset in entry["data_offsets"])
    stored = np.frombuffer(content[begin:end], "<f4").reshape(entry["shape"])
    expected = bundle.read(small_module).weights["InceptionV2/Mixed_4b/Branch_1/Conv2d_0b_3x3/weights"]
    assert np.array_equal(stored, expected)


@pytest.mark.parametrize("name", ["labels.txt", "README.md", "report.html"])
def test_texts_that_are_no_text(copy: Path, name: str) -> None:
    (copy / name).write_bytes(b"\xff\xfe")
    describe_again(copy, name)
    with pytest.raises(FormatError, match="is not a readable module .*; pull it again"):
        bundle.read(copy)


def test_one_name_a_class(copy: Path) -> None:
    (copy / "labels.txt").write_text("a\nb\n")
    describe_again(copy, "labels.txt")
    with pytest.raises(FormatError, match=r"labels\.txt holds 2 names for 10 classes; give one name a line"):
        bundle.read(copy)


def test_weights_checked_before_are_read_when_they_are_asked_for(copy: Path) -> None:
    checked = bundle.read(copy).weights
    identities: list[str] = []

    def known(identity: str) -> bool:
        identities.append(identity)
        return True

    weights = bundle.read(copy, known).weights
    (copy / "weights.safetensors").write_bytes(b"")
    with pytest.raises(FormatError, match="is not a readable safetensors file"):
        dict(weights)
    assert len(checked) == 277 and len(identities) == 1


def test_a_calibration_of_other_weights_is_refused(copy: Path, calibrated_module: Path) -> None:
    shutil.copy(calibrated_module / "calibration.safetensors", copy)
    describe_again(copy, "calibration.safetensors")
    assert bundle.read(copy).calibration is not None, "that of the same weights"
    weights = dict(bundle.read(copy).weights)
    save(copy / "weights.safetensors", {name: array + np.float32(1) for name, array in weights.items()})
    describe_again(copy, "weights.safetensors")
    other = bundle.read(copy).calibration
    assert other is not None
    with pytest.raises(WeightsError, match="calibration.safetensors was made for other weights than those"):
        dict(other)


def test_a_calibration_is_read_when_it_is_asked_for(calibrated_module: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(calibrated_module, tmp_path / "module"))
    calibration = bundle.read(copy).calibration
    (copy / "calibration.safetensors").write_bytes(b"")
    assert calibration is not None
    with pytest.raises(FormatError, match="is not a readable safetensors file"):
        dict(calibration)
    with pytest.raises(
        FormatError, match="calibration.safetensors is not the file that module.json describes"
    ):
        bundle.read(copy)
