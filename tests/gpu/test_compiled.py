"""`torch.compile` on a GPU, which takes most of the tests' time."""

from collections.abc import Callable

import pytest
import torch
from helpers.answering import check_way

pytestmark = [pytest.mark.gpu, pytest.mark.usefixtures("tf32_allowed")]


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32], ids=str)
def test_a_compiled_pass(
    device: str, dtype: torch.dtype, record_property: Callable[[str, object], None]
) -> None:
    check_way(device, "compiled", dtype, record_property)
