"""What this machine's CPU computes in."""

import openvino
import pytest

CAPABILITIES = openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
HAS_BF16 = "BF16" in CAPABILITIES  # without, PyTorch too computes bfloat16 several times slower than float32
needs_bf16 = pytest.mark.skipif(not HAS_BF16, reason="this CPU has no bfloat16 instructions")
