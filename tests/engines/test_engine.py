"""Which engine is chosen, what each refuses, and that both are the one protocol."""

import sys
from typing import get_args

import numpy as np
import pytest
import torch
from helpers.weights_from_seed import random_weights

from inception_hub.architecture import GLOBAL_POOL, LOGITS, Architecture
from inception_hub.engines import (
    ENGINES,
    PRECISIONS,
    EngineName,
    EngineOptions,
    Precision,
    choose_engine,
    load_engine,
)
from inception_hub.engines.engine import is_torch_tensor
from inception_hub.errors import ArgumentError, MissingExtraError


@pytest.mark.parametrize(
    ("engine", "options", "chosen"),
    [
        (None, {}, "openvino"),
        (None, {"precision": "int8"}, "openvino"),
        (None, {"trainable": True}, "torch"),
        (None, {"batch_statistics": True}, "torch"),
        (None, {"device": "cuda"}, "torch"),
        (None, {"device": "mps"}, "torch"),
        (None, {"device": "gpu"}, "openvino"),
        ("openvino", {"device": "npu"}, "openvino"),
        ("torch", {}, "torch"),
        ("openvino", {"cores": 1}, "openvino"),
    ],
)
def test_the_engine_follows_what_is_asked(engine: EngineName | None, options: dict, chosen: str) -> None:  # type: ignore[type-arg]
    assert choose_engine(engine, EngineOptions(**options)) == chosen


@pytest.mark.parametrize(
    ("engine", "options", "message"),
    [
        ("tensorflow", {}, "engine is 'tensorflow'; give 'openvino', 'torch'"),
        (None, {"precision": "f16"}, "precision is 'f16'; give 'f32' .*, 'bf16', 'int8' or 'auto'"),
        ("openvino", {"trainable": True}, "engine='openvino' is for inference only; .* take 'torch'"),
        ("openvino", {"device": "cuda"}, "device is 'cuda', which is PyTorch's; leave out engine='openvino'"),
        ("torch", {"device": "gpu"}, "device is 'gpu', which is OpenVINO's, for inference only; give 'cuda'"),
        (None, {"device": "npu", "trainable": True}, "device is 'npu', which is OpenVINO's, for inference"),
        ("torch", {"precision": "int8"}, "precision='int8' is OpenVINO's; give 'bf16'"),
        (None, {"precision": "int8", "trainable": True}, "precision='int8' is OpenVINO's"),
    ],
)
def test_what_an_engine_lacks_is_refused(engine: EngineName | None, options: dict, message: str) -> None:  # type: ignore[type-arg]
    with pytest.raises(ArgumentError, match=message):
        choose_engine(engine, EngineOptions(**options))


def test_the_choices_are_the_literals() -> None:
    assert get_args(EngineName) == ENGINES == ("openvino", "torch")
    assert get_args(Precision) == PRECISIONS == ("f32", "bf16", "int8")


@pytest.mark.parametrize("name", ENGINES)
def test_both_engines_do_the_same(name: EngineName) -> None:
    architecture = Architecture(0.25, 3)
    weights = random_weights({n: v.shape for n, v in architecture.variables.items()}, 7)
    engine = load_engine(name)(architecture, weights, None, EngineOptions())
    assert (engine.name, engine.precision) == (name, "f32")
    images = np.random.default_rng(0).random((2, 32, 32, 3), np.float32)
    for share_cores in (False, True):
        endpoints = engine.endpoints(images, (LOGITS, GLOBAL_POOL), share_cores=share_cores)
        assert {n: array.shape for n, array in endpoints.items()} == {
            LOGITS: (2, 3),
            GLOBAL_POOL: (2, 1, 1, architecture.num_features),
        }
    variables = engine.variable_map()
    assert list(variables) == sorted(architecture.variables)
    assert all(
        np.array_equal(np.asarray(variables[n].detach() if name == "torch" else variables[n]), w)
        for n, w in weights.items()
    )
    assert engine.trainable_variables() == engine.regularization_losses() == []


@pytest.mark.parametrize(
    ("name", "file", "message"),
    [
        ("torch", "torch_engine", r"PyTorch, which is not installed: pip install '.*\[train\]'"),
        (
            "openvino",
            "openvino",
            "OpenVINO, which computes on the CPU, is not installed: pip install openvino",
        ),
    ],
)
def test_a_missing_library_is_named(
    name: EngineName, file: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, f"inception_hub.engines.{file}", None)
    with pytest.raises(MissingExtraError, match=message):
        load_engine(name)


def test_tensors_are_known_without_importing_their_library(monkeypatch: pytest.MonkeyPatch) -> None:
    tensor, parameter = torch.zeros(1), torch.nn.Parameter(torch.zeros(1))
    assert is_torch_tensor(tensor) and is_torch_tensor(parameter)
    assert not is_torch_tensor(np.zeros(1))
    monkeypatch.delitem(sys.modules, "torch")
    assert not is_torch_tensor(tensor) and "torch" not in sys.modules
