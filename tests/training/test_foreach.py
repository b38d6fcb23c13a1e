"""Operators on lists of tensors: each computes what the plain operator does on every tensor."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from inception_hub.training import foreach


def tensors(seed: int) -> list[Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [torch.rand(shape, generator=generator) + 0.5 for shape in ((2, 3), (5,), ())]


@pytest.mark.parametrize(
    "of_lists, plain",
    [
        (foreach.add, torch.add),
        (foreach.div, torch.div),
        (foreach.mul, torch.mul),
        (lambda a, b: foreach.lerp(a, b, 0.3), lambda a, b: torch.lerp(a, b, 0.3)),
        (lambda a, b: foreach.sqrt(a), lambda a, b: a.sqrt()),
        (lambda a, b: foreach.norm(a), lambda a, b: a.norm()),
    ],
)
def test_operators_are_the_plain_ones(of_lists: Callable[..., Any], plain: Callable[..., Any]) -> None:
    first, second = tensors(0), tensors(1)
    computed = of_lists(first, second)
    for mine, a, b in zip(computed, first, second, strict=True):
        torch.testing.assert_close(mine, plain(a, b))


@pytest.mark.parametrize(
    "in_place, plain",
    [
        (foreach.add_, torch.add),
        (foreach.mul_, torch.mul),
        (foreach.sub_, torch.sub),
        (lambda a, b: foreach.lerp_(a, b, 0.3), lambda a, b: torch.lerp(a, b, 0.3)),
    ],
)
def test_operators_in_place_change_the_first_list(
    in_place: Callable[..., Any], plain: Callable[..., Any]
) -> None:
    first, second, before = tensors(0), tensors(1), tensors(0)
    in_place(first, second)
    for changed, a, b in zip(first, before, second, strict=True):
        torch.testing.assert_close(changed, plain(a, b))
