"""Writing a module directory: complete or not there; what was written comes back."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from inception_hub import bundle
from inception_hub.errors import InceptionHubError, OutputError, WeightsError
from inception_hub.labels import Labels
from inception_hub.system import atomic


def test_round_trip(small_module: Path, tmp_path: Path) -> None:
    first = bundle.read(small_module)
    bundle.write(first, tmp_path / "again")
    second = bundle.read(tmp_path / "again")
    assert all(np.array_equal(first.weights[name], second.weights[name]) for name in first.weights)
    assert (tmp_path / "again" / "module.json").read_bytes() == (small_module / "module.json").read_bytes()
    assert sorted(path.name for path in small_module.iterdir()) == [
        "README.md",
        "config.json",
        "labels.txt",
        "module.json",
        "weights.safetensors",
    ]


def test_float16_halves_the_file(small_module: Path, tmp_path: Path) -> None:
    first = bundle.read(small_module)
    bundle.write(first, tmp_path / "half", np.float16)
    second = bundle.read(tmp_path / "half")
    for name, value in second.weights.items():
        assert value.dtype == np.float32
        assert np.array_equal(value, first.weights[name].astype(np.float16).astype(np.float32)), name


def test_an_existing_path_is_left_as_it_is(small_module: Path, tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "diary.txt").write_text("dear diary")
    with pytest.raises(OutputError, match="taken exists and is left as it is"):
        bundle.write(bundle.read(small_module), tmp_path / "taken")
    assert [path.name for path in tmp_path.rglob("*")] == ["taken", "diary.txt"]


def test_a_write_that_fails_leaves_nothing(small_module: Path, tmp_path: Path) -> None:
    whole = bundle.read(small_module)
    weights = {
        name: w for name, w in whole.weights.items() if name != "InceptionV2/Logits/Conv2d_1c_1x1/biases"
    }
    broken = replace(whole, weights=weights)
    with pytest.raises(InceptionHubError, match="missing: InceptionV2/Logits/Conv2d_1c_1x1/biases"):
        bundle.write(broken, tmp_path / "broken")
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be written"):
        bundle.write(bundle.read(small_module), tmp_path / "file" / "module")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_an_accuracy_and_a_card_come_back(small_module: Path, tmp_path: Path) -> None:
    figures = {"data": "ten photos", "images": 10, "top1": 0.5}
    carded = replace(bundle.read(small_module), accuracy=(figures,), card="# A module\n")
    bundle.write(carded, tmp_path / "carded")
    again = bundle.read(tmp_path / "carded")
    assert again.accuracy == (figures,) and again.card == "# A module\n"


def test_other_users_may_read_a_module(small_module: Path, tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        bundle.write(bundle.read(small_module), tmp_path / "module")
    finally:
        os.umask(before)
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "module").iterdir()}
    assert (tmp_path / "module").stat().st_mode & 0o777 == 0o755
    assert set(modes.values()) == {0o644}, modes


def test_wordnet_ids_come_back_though_the_background_has_none(small_module: Path, tmp_path: Path) -> None:
    ids = (None, *(f"n{index:08}" for index in range(1, 10)))
    labels = Labels(("background", *"bcdefghij"), ids)
    bundle.write(replace(bundle.read(small_module), labels=labels), tmp_path / "module")
    assert bundle.read(tmp_path / "module").labels == labels


INT8 = {"InceptionV2/Logits/Conv2d_1c_1x1/biases": np.arange(10, dtype=np.float32)}


def test_an_int8_graph_is_added_to_files_and_figures(copy: Path) -> None:
    before = bundle.read(copy)
    figures = {"data": "photos", "precision": "int8", "top1": 0.5}
    bundle.add_int8(copy, INT8, figures)
    assert set(bundle.verify(copy)["files"]) == {path.name for path in copy.iterdir()} - {"module.json"}
    assert "int8.safetensors" in bundle.verify(copy)["files"]
    assert bundle.read(copy).accuracy == (*before.accuracy, figures)


def test_an_int8_graph_that_cannot_be_added_leaves_the_module_as_it_was(copy: Path) -> None:
    (copy / "int8.safetensors" / "full").mkdir(parents=True)
    before = {path: path.read_bytes() for path in copy.iterdir() if path.is_file()}
    with pytest.raises(
        OutputError, match="int8 graph cannot be written to .*; the rest of the module is as it"
    ):
        bundle.add_int8(copy, INT8, {})
    assert {path: path.read_bytes() for path in copy.iterdir() if path.is_file()} == before


def test_another_int8_graph_never_stands_beside_the_manifest_of_the_first(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut off after any rename, the module can be read."""
    bundle.add_int8(copy, INT8, {"precision": "int8"})
    commit, seen = atomic.commit_file, []

    def noted(temporary: Path, path: Path) -> None:
        commit(temporary, path)
        bundle.verify(copy)
        seen.append(path.name)

    monkeypatch.setattr(atomic, "commit_file", noted)
    bundle.add_int8(copy, {name: array + 1 for name, array in INT8.items()}, {"precision": "int8"})
    assert seen == ["module.json", "int8.safetensors", "module.json"]
    seen.clear()
    bundle.add_int8(copy, {name: array + 1 for name, array in INT8.items()}, {"precision": "int8"})
    assert seen == ["int8.safetensors", "module.json"], "the same bytes"


def test_a_calibration_is_added_replaced_and_written_anew(
    copy: Path, calibrated_module: Path, tmp_path: Path
) -> None:
    calibration = bundle.read(calibrated_module).calibration
    assert calibration is not None
    bundle.add_calibration(copy, calibration)
    assert set(bundle.verify(copy)["files"]) == {path.name for path in copy.iterdir()} - {"module.json"}
    bundle.add_calibration(copy, dict(calibration) | {"temperature": np.array([2], np.float32)})
    replaced = bundle.read(copy)
    assert replaced.calibration is not None and replaced.calibration["temperature"] == [2]
    # As float16 the file of weights is another; what is written beside it is of that one.
    bundle.write(replaced, tmp_path / "half", np.float16)
    again = bundle.read(tmp_path / "half").calibration
    assert again is not None and again["temperature"] == [2] and again.keys() == calibration.keys()


def test_a_calibration_that_does_not_fit_is_not_written(calibrated_module: Path, tmp_path: Path) -> None:
    whole = bundle.read(calibrated_module)
    assert whole.calibration is not None
    broken = dict(whole.calibration) | {"scores": np.array([np.nan], np.float32)}
    with pytest.raises(WeightsError, match="calibration does not fit its network"):
        bundle.write(replace(whole, calibration=broken), tmp_path / "broken")
    assert not list(tmp_path.iterdir())
