"""What this machine's CPU computes in."""

import openvino
import pytest

CAPABILITIES = openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
needs_bf16 = pytest.mark.skipif("BF16" not in CAPABILITIES, reason="this CPU has no bfloat16 instructions")
