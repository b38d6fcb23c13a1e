"""Files of other formats as modules: names of their classes, their depth, what is no variable of theirs."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.tensorflow_writer import Arrays, write_hub_module, write_v1, write_v2
from numpy.typing import NDArray

from inception_hub import bundle, weights
from inception_hub.architecture import Architecture
from inception_hub.errors import WeightsError
from inception_hub.formats import timm
from inception_hub.formats.options import Options
from inception_hub.labels import Labels
from inception_hub.sources.convert import convert_files


def initial(classes: int, multiplier: float = 0.01) -> dict[str, np.ndarray]:
    return dict(weights.initialise(Architecture(multiplier, classes), 0))


@pytest.mark.parametrize(
    ("classes", "names", "first_id"),
    [
        (1001, {0: "background", 1: "tench", 1000: "toilet tissue"}, None),
        (1000, {0: "tench", 999: "toilet tissue"}, "n01440764"),
        (3, {0: "class_0", 2: "class_2"}, None),
    ],
)
def test_classes_are_called_by_their_number(
    tmp_path: Path, classes: int, names: dict[int, str], first_id: str | None
) -> None:
    converted = convert_files(write_v1(tmp_path / "model.ckpt", initial(classes)))
    assert converted.architecture.num_classes == len(converted.labels) == classes
    assert {index: converted.labels[index] for index in names} == names
    assert converted.labels.wordnet_ids[0] == first_id
    assert (converted.name, converted.provenance.source) == ("model.ckpt", "model.ckpt")


@pytest.mark.parametrize("write", [write_v1, write_v2])
@pytest.mark.parametrize("prefix", ["", "module/", "my_model/hub_module_1/"])
def test_values_come_back_without_what_training_adds(
    tmp_path: Path, write: Callable[[Path, Arrays], Path], prefix: str
) -> None:
    arrays = initial(3)
    more: dict[str, NDArray[Any]] = {
        "global_step": np.array(7, np.int64),
        "save_counter": np.array(1, np.int64),
        "beta1_power": np.array(0.9, np.float32),
        "accuracy/total": np.array(3, np.float32),
        "my_head/kernel": np.ones((3, 2), np.float32),
    }
    for name, array in arrays.items():
        more[f"{prefix}{name}/RMSProp"] = more[f"{prefix}{name}/RMSProp_1"] = np.zeros_like(array)
    path = write(tmp_path / "model.ckpt", {prefix + n: array for n, array in arrays.items()} | more)
    with pytest.warns(UserWarning, match="Left out, not being the network's: .*RMSProp") as told:
        converted = convert_files(path)
    assert ("stand below" in str(told[0].message)) == bool(prefix)
    assert set(converted.weights) == set(arrays)
    assert all(np.array_equal(converted.weights[name], array) for name, array in arrays.items())


def test_another_network_is_still_refused(tmp_path: Path) -> None:
    more = {"InceptionV2/Conv2d_9z_1x1/weights": np.ones((1, 1, 2, 2), np.float32)}
    with pytest.raises(WeightsError, match="unexpected: InceptionV2/Conv2d_9z_1x1/weights"):
        convert_files(write_v1(tmp_path / "other.ckpt", initial(3) | more))


def test_averaged_weights_are_taken_where_they_are_asked_for(tmp_path: Path) -> None:
    arrays = initial(3)
    trained = [name for name in arrays if not name.endswith(("moving_mean", "moving_variance"))]
    averages = {f"{name}/ExponentialMovingAverage": arrays[name] + 1 for name in trained}
    path = write_v1(tmp_path / "model.ckpt", arrays | averages)
    with pytest.warns(UserWarning, match="as training left them; .* averages, which are there for 141"):
        raw = convert_files(path)
    with pytest.warns(UserWarning, match="Moving averages are taken of 141 variables"):
        average = convert_files(path, weights="average")
    for name, array in arrays.items():
        assert np.array_equal(raw.weights[name], array)
        assert np.array_equal(average.weights[name], array + (name in trained))
    with pytest.raises(WeightsError, match="holds no moving averages"):
        convert_files(write_v1(tmp_path / "plain.ckpt", arrays), weights="average")


def test_a_hub_module_keeps_its_image_size(tmp_path: Path) -> None:
    assert convert_files(write_hub_module(tmp_path / "module", initial(3), (96, 160))).image_size == (96, 160)


def test_the_depth_is_inferred_unless_it_is_given(tmp_path: Path) -> None:
    path = write_v1(tmp_path / "model.ckpt", initial(3, 0.25))
    assert convert_files(path).architecture.depth_multiplier == 0.25
    assert convert_files(path, 0.2501).architecture.depth_multiplier == 0.2501
    with pytest.raises(WeightsError, match="depth_multiplier=1 and 3 classes: .*of the wrong shape"):
        convert_files(path, 1.0)


def test_labels_of_another_number_of_classes_are_not_taken(small_module: Path, tmp_path: Path) -> None:
    source = bundle.read(small_module)
    timm.write(source, tmp_path / "ten", Options())
    assert convert_files(tmp_path / "ten").labels == source.labels
    timm.write(replace(source, labels=Labels(("a", "b"), (None, None))), tmp_path / "two", Options())
    assert convert_files(tmp_path / "two").labels.names == tuple(f"class_{index}" for index in range(10))
