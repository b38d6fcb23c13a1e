"""A matrix product on OpenVINO: the rate that a network's is held to, and the CPU that computes it."""

from collections.abc import Callable

import numpy as np
import openvino.opset13 as op

from .engine import Precision
from .openvino import HINTS
from .openvino_core import CORE
from .openvino_graph import model


def matrix_product(rows: int, precision: Precision) -> Callable[[], object]:
    """A function that multiplies two square matrices of `rows` rows once, in `precision`."""
    values = np.random.default_rng(0).random((rows, rows), np.float32)
    left = op.parameter(values.shape, np.float32)
    factors = [left, op.constant(values)]
    if precision == "int8":
        low, high = np.float32(0), np.float32(1)
        factors = [op.fake_quantize(factor, low, high, low, high, 256) for factor in factors[:1]] + [
            op.fake_quantize(factors[1], -high, high, -high, high, 255)
        ]
    graph = model([op.result(op.matmul(*factors, False, False))], [left])
    compiled = CORE.compile_model(
        graph, "CPU", {"INFERENCE_PRECISION_HINT": HINTS[precision], "PERFORMANCE_HINT": "LATENCY"}
    )
    request = compiled.create_infer_request()
    return lambda: request.infer([values])


def cpu_name() -> str:
    """The CPU's full name."""
    return str(CORE.get_property("CPU", "FULL_DEVICE_NAME")).strip()
