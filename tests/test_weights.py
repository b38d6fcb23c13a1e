"""Strict loading, inference of the depth multiplier, initialisation, folding."""

import json
from pathlib import Path

import numpy as np
import pytest
from helpers.cases import Array
from helpers.weights_from_seed import random_weights

from inception_hub import weights as weights_file
from inception_hub.architecture import LOGITS_LAYER, Architecture
from inception_hub.errors import FormatError, WeightsError

SMALL = Architecture(0.25, 3)
KERNEL = "InceptionV2/Mixed_3b/Branch_0/Conv2d_0a_1x1/weights"
VARIANCE = "InceptionV2/Mixed_3b/Branch_0/Conv2d_0a_1x1/BatchNorm/moving_variance"


def make(architecture: Architecture = SMALL) -> dict[str, Array]:
    return random_weights({n: v.shape for n, v in architecture.variables.items()}, 3)


def test_safetensors_round_trip_is_exact(tmp_path: Path) -> None:
    weights = make()
    weights_file.save(tmp_path / "w.safetensors", weights)
    loaded = weights_file.check(SMALL, weights_file.load(tmp_path / "w.safetensors"))
    assert list(loaded) == list(SMALL.variables)
    assert all(np.array_equal(loaded[name], weights[name]) for name in weights)


@pytest.mark.parametrize("kind, size", [("BF16", 2), ("F8_E4M3", 1), ("F8_E5M2", 1)])
def test_types_that_numpy_does_not_have(tmp_path: Path, kind: str, size: int) -> None:
    header = json.dumps({"w": {"dtype": kind, "shape": [1], "data_offsets": [0, size]}}).encode()
    path = tmp_path / "w.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header + bytes(size))
    with pytest.raises(FormatError, match="w.safetensors holds numbers of a type that NumPy does not have"):
        weights_file.load(path)


def test_types_that_another_library_has_taught_numpy(tmp_path: Path) -> None:
    pytest.importorskip("ml_dtypes")  # which ONNX imports
    test_types_that_numpy_does_not_have(tmp_path, "BF16", 2)


def test_float16_is_widened(tmp_path: Path) -> None:
    weights = make()
    weights_file.save(tmp_path / "w.safetensors", weights, np.float16)
    loaded = weights_file.check(SMALL, weights_file.load(tmp_path / "w.safetensors"))
    assert loaded[KERNEL].dtype == np.float32
    assert np.array_equal(loaded[KERNEL], weights[KERNEL].astype(np.float16).astype(np.float32))


def test_all_that_is_wrong_is_reported_at_once() -> None:
    weights: dict[str, np.ndarray] = dict(make())
    del weights[KERNEL]
    weights["InceptionV2/Mixed_9z/weights"] = np.zeros(1, np.float32)
    weights[f"{LOGITS_LAYER}/biases"] = np.zeros(4, np.float32)
    weights[f"{LOGITS_LAYER}/weights"] = weights[f"{LOGITS_LAYER}/weights"].astype(np.float64)
    with pytest.raises(WeightsError) as error:
        weights_file.check(SMALL, weights)
    message = str(error.value)
    assert f"missing: {KERNEL}" in message
    assert "unexpected: InceptionV2/Mixed_9z/weights" in message
    assert f"{LOGITS_LAYER}/biases [4] instead of [3]" in message
    assert f"{LOGITS_LAYER}/weights float64 instead of float32 or float16" in message


def test_weights_that_are_not_finite_are_refused_by_name() -> None:
    weights = make()
    weights[KERNEL][0, 0, 0, 0] = np.nan
    with pytest.raises(WeightsError, match=f"not finite: {KERNEL}"):
        weights_file.check(SMALL, weights)


def test_negative_variances_are_refused_by_name() -> None:
    weights = make()
    weights[VARIANCE][2] = -0.1
    with pytest.raises(WeightsError, match=f"negative variance: {VARIANCE}"):
        weights_file.check(SMALL, weights)


@pytest.mark.parametrize("damage", ["empty", "truncated", "not safetensors"])
def test_a_damaged_file_is_named(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "w.safetensors"
    weights_file.save(path, make())
    content = path.read_bytes()
    path.write_bytes(
        {"empty": b"", "truncated": content[:-100], "not safetensors": b"\x80\x04pickle" * 99}[damage]
    )
    with pytest.raises(FormatError, match="w.safetensors is not a readable safetensors file"):
        weights_file.load(path)


@pytest.mark.parametrize("multiplier", [1.0, 0.25, 0.5, 0.75, 0.3, 1.4, 1 / 3, 2.0])
@pytest.mark.parametrize("num_classes", [0, 7])
def test_depth_multiplier_is_inferred_from_the_shapes(multiplier: float, num_classes: int) -> None:
    shapes = {n: v.shape for n, v in Architecture(multiplier, num_classes).variables.items()}
    inferred = weights_file.infer_architecture(shapes)
    assert {n: v.shape for n, v in inferred.variables.items()} == shapes
    assert inferred.depth_multiplier == pytest.approx(multiplier, abs=1e-12)


def test_shapes_of_the_thinnest_networks_are_inferred_too() -> None:
    shapes = {n: v.shape for n, v in Architecture(0.02, 2).variables.items()}
    inferred = weights_file.infer_architecture(shapes)
    assert {n: v.shape for n, v in inferred.variables.items()} == shapes


def test_the_first_variable_that_does_not_fit_is_named() -> None:
    shapes = {n: v.shape for n, v in SMALL.variables.items()}
    shapes[KERNEL] = (1, 1, 48, 17)
    with pytest.raises(WeightsError, match=rf"{KERNEL} is \[1, 1, 48, 17\], expected \[1, 1, 48, 16\]"):
        weights_file.infer_architecture(shapes)
    with pytest.raises(WeightsError, match="Conv2d_1a_7x7/depthwise_weights is missing"):
        weights_file.infer_architecture({})


def test_initialisation_is_slims() -> None:
    architecture = Architecture(1.0, 10)
    weights = weights_file.initialise(architecture, 0)
    expected = {
        "InceptionV2/Conv2d_1a_7x7/pointwise_weights": 1.0,
        "InceptionV2/Conv2d_2b_1x1/weights": 0.1,
        "InceptionV2/Conv2d_2c_3x3/weights": np.sqrt(1.3 * 2 / (9 * 64)),
        "InceptionV2/Mixed_3b/Branch_0/Conv2d_0a_1x1/weights": np.sqrt(1.3 * 2 / 192),
        "InceptionV2/Mixed_4b/Branch_1/Conv2d_0a_1x1/weights": 0.09,
        "InceptionV2/Mixed_4a/Branch_0/Conv2d_0a_1x1/weights": 0.09,
        "InceptionV2/Mixed_5c/Branch_3/Conv2d_0b_1x1/weights": 0.1,
        f"{LOGITS_LAYER}/weights": np.sqrt(1.3 * 2 / 1024),
    }
    for name, stddev in expected.items():
        truncated = 0.8796 * stddev  # at two deviations
        assert weights[name].std() == pytest.approx(truncated, rel=0.03), name
        assert np.abs(weights[name]).max() <= 2 * stddev * 1.000001, name
    for name, variable in architecture.variables.items():
        if variable.stddev is None:
            assert (weights[name] == (1 if name.endswith("moving_variance") else 0)).all(), name
    again = weights_file.initialise(architecture, 0)
    assert all(np.array_equal(again[name], weights[name]) for name in weights)


def test_files_are_as_readable_as_any(tmp_path: Path) -> None:
    weights_file.save(tmp_path / "w.safetensors", make())
    (tmp_path / "any").touch()
    assert (tmp_path / "w.safetensors").stat().st_mode == (tmp_path / "any").stat().st_mode


def test_folding_never_gives_what_is_not_finite() -> None:
    weights = make()
    layer = next(layer for layer in SMALL.layers if layer.name.endswith("Mixed_4a/Branch_0/Conv2d_0a_1x1"))
    weights[layer.weights] = np.full_like(weights[layer.weights], 3e38)
    weights[layer.moving_variance] = np.zeros_like(weights[layer.moving_variance])
    with pytest.raises(WeightsError, match="Mixed_4a/Branch_0/Conv2d_0a_1x1 exceed float32 once"):
        weights_file.fold(layer, weights)


def test_arrays_are_known_by_every_value_and_name() -> None:
    arrays = {"a": np.arange(100, dtype=np.float32), "b": np.zeros(100, np.float32)}
    late = arrays["a"].copy()
    late[-1] += 1
    others = [
        {**arrays, "a": late},
        {"a": arrays["b"], "b": arrays["a"]},
        {"a": arrays["a"], "c": arrays["b"]},
        {"a": arrays["a"]},
    ]
    known = {weights_file.identity(each) for each in (arrays, *others)}
    assert len(known) == 5 and weights_file.identity(dict(arrays)) == weights_file.identity(arrays)


def test_a_header_is_read_within_bounds(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    path.write_bytes((2 << 20).to_bytes(8, "little") + b"{" + b" " * (2 << 20))
    with pytest.raises(FormatError, match="its header of 2097152 bytes is longer than 1048576"):
        weights_file.load(path)
