"""The stem over squares of pixels computes the stem."""

import pytest
import torch
import torch.nn.functional as F

from inception_hub.architecture import Architecture, same_padding
from inception_hub.engines.stem import kernel_of_squares, squares_of

LAYER = next(iter(Architecture().layers))


@pytest.mark.parametrize("size", [(32, 32), (33, 47), (224, 35), (7, 8), (1, 2)], ids=str)
def test_squares_give_the_same_convolution(size: tuple[int, int]) -> None:
    x = torch.randn(2, 3, *size, dtype=torch.float64).contiguous(memory_format=torch.channels_last)
    kernel = torch.randn(5, 3, 7, 7, dtype=torch.float64)
    (top, bottom), (left, right) = (same_padding(n, 7, 2) for n in size)
    expected = F.conv2d(F.pad(x, (left, right, top, bottom)), kernel, stride=2)
    found = F.conv2d(squares_of(x, LAYER), kernel_of_squares(kernel))
    assert found.shape == expected.shape and torch.allclose(found, expected, rtol=0, atol=1e-10)
