"""The OpenVINO engine's own promises: what it gives away is the caller's, and how it shares the cores."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from helpers.cases import (
    RELATIVE_TOLERANCE,
    Array,
    distance,
    images_from_seed,
)
from helpers.oracle import Oracle
from helpers.precisions import needs_bf16
from helpers.weights_from_seed import random_weights

import inception_hub as hub
from inception_hub.architecture import GLOBAL_POOL, LOGITS, Architecture
from inception_hub.engines import EngineOptions
from inception_hub.engines.openvino import OpenVINOEngine, plugin
from inception_hub.engines.openvino_core import CORE
from inception_hub.errors import ArgumentError


@pytest.fixture(scope="module")
def engine() -> OpenVINOEngine:
    architecture = Architecture(0.25, 3)
    weights = random_weights({n: v.shape for n, v in architecture.variables.items()}, 7)
    return OpenVINOEngine(architecture, weights, None, EngineOptions())


def test_later_calls_leave_earlier_answers_alone(engine: OpenVINOEngine) -> None:
    """A request's memory is used again: what is handed out must be a copy."""
    images = [images_from_seed((2, 32, 32, 3), seed) for seed in range(3)]
    found: list[dict[str, Array]] = [engine.endpoints(each, (LOGITS, GLOBAL_POOL)) for each in images]
    for each, answer in zip(images, found, strict=True):
        again = engine.endpoints(each, (LOGITS, GLOBAL_POOL))
        for name, value in answer.items():
            assert np.array_equal(value, again[name])
            assert value.flags.owndata and value.flags.writeable
    assert not np.array_equal(found[0][LOGITS], found[1][LOGITS])


def test_endpoints_come_under_their_names_in_any_order(engine: OpenVINOEngine) -> None:
    images = images_from_seed((2, 32, 32, 3), 0)
    one, other = (
        engine.endpoints(images, (LOGITS, GLOBAL_POOL)),
        engine.endpoints(images, (GLOBAL_POOL, LOGITS)),
    )
    assert list(one) == [LOGITS, GLOBAL_POOL] and list(other) == [GLOBAL_POOL, LOGITS]
    assert one[LOGITS].shape == other[LOGITS].shape == (2, 3)
    assert np.allclose(one[GLOBAL_POOL], other[GLOBAL_POOL], rtol=1e-5)


def test_one_call_gets_all_cores_and_several_share_them(engine: OpenVINOEngine) -> None:
    hints = [
        engine.compiled(32, 32, (LOGITS,), share_cores).get_property("PERFORMANCE_HINT")
        for share_cores in (False, True)
    ]
    assert hints == ["LATENCY", "THROUGHPUT"]


def test_openvino_compiles_a_size_once() -> None:
    architecture = Architecture(0.25, 3)
    weights = random_weights({n: v.shape for n, v in architecture.variables.items()}, 7)
    engine = OpenVINOEngine(architecture, weights, None, EngineOptions())
    first = engine.compiled(32, 32, (LOGITS,))
    assert engine.compiled(32, 32, (LOGITS,)) is first
    assert engine.compiled(64, 32, (LOGITS,)) is not first
    for batch in (1, 3):
        assert engine.endpoints(images_from_seed((batch, 32, 32, 3), 0), [LOGITS])[LOGITS].shape == (batch, 3)


@pytest.mark.parametrize(
    "precision, low, high", [("f32", 0, 1e-5), pytest.param("bf16", 1e-4, 0.1, marks=needs_bf16)]
)
def test_openvino_precision_is_what_was_asked_for(precision: str, low: float, high: float) -> None:
    architecture = Architecture(0.5, 10)
    weights = random_weights({n: v.shape for n, v in architecture.variables.items()}, 7)
    images = images_from_seed((2, 64, 64, 3), 11)
    engine = OpenVINOEngine(architecture, weights, None, EngineOptions(precision))  # type: ignore[arg-type]
    found = engine.endpoints(images, [LOGITS])[LOGITS]
    assert low <= distance(found, Oracle(weights)(images)[LOGITS]) < high


def test_a_share_of_the_cores_is_not_always_the_first(small_module: Path) -> None:
    """Pinned, the workers of a machine would all compute on the same core."""
    module = hub.Module(small_module, cores=1)
    compiled = module._engine.compiled(64, 64, (LOGITS,))
    assert (compiled.get_property("INFERENCE_NUM_THREADS"), compiled.get_property("ENABLE_CPU_PINNING")) == (
        1,
        False,
    )
    images = images_from_seed((2, 64, 64, 3), 0)
    assert distance(module(images), hub.Module(small_module)(images)) < RELATIVE_TOLERANCE


@pytest.mark.parametrize("device", ["gpu", "npu"])
def test_a_device_that_is_not_there(device: str, small_module: Path) -> None:
    if device.upper() in {each.partition(".")[0] for each in CORE.available_devices}:
        pytest.skip(f"there is an {device} here")
    with pytest.raises(
        ArgumentError, match=f"device is '{device}', and OpenVINO finds CPU alone here; install"
    ):
        hub.Module(small_module, device=device)


def test_the_cpu_by_its_name_is_the_cpu() -> None:
    assert plugin(None) == plugin("cpu") == "CPU"


FORKED = """
import multiprocessing, sys
import numpy as np
import inception_hub as hub

module = hub.Module(sys.argv[1])
images = np.zeros((1, 64, 64, 3), np.float32)
compute = lambda: module.endpoints(images, ("InceptionV2/Logits",), share_cores=True)
compute()
child = multiprocessing.get_context("fork").Process(target=compute)
child.start()
child.join(30)
child.kill()  # one that waits for ever
child.join()
sys.exit(child.exitcode)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked")
def test_a_forked_process_computes(small_module: Path) -> None:
    """By graphs of its own: for the threads of its parent's it would wait for ever."""
    ended = subprocess.run([sys.executable, "-c", FORKED, str(small_module)], check=False, timeout=90)
    assert ended.returncode == 0
