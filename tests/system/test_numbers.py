"""Numbers that callers give, of any kind, and what is none."""

import math
from fractions import Fraction

import numpy as np
import pytest

from inception_hub.errors import ArgumentError
from inception_hub.system.numbers import check_count, check_number, is_number


@pytest.mark.parametrize("value", [3, np.int64(3), np.uint8(3)])
def test_whole_numbers_of_any_kind_are_counts(value: int) -> None:
    count = check_count("top", value)
    assert count == 3 and type(count) is int


@pytest.mark.parametrize("value", [None, "3", 3.0, 2.5, math.nan, True, np.True_, [3], 1j, np.array([3])])
def test_nothing_else_is_a_count(value: object) -> None:
    with pytest.raises(ArgumentError, match=r"^top is .+; give a whole number, 1 or more\.$"):
        check_count("top", value)


def test_the_least_count() -> None:
    assert check_count("seed", 0, 0) == 0
    with pytest.raises(ArgumentError, match=r"^top is 0; give 1 or more\.$"):
        check_count("top", 0)


@pytest.mark.parametrize("value", [1, 0.5, np.float32(0.5), np.int8(1), Fraction(1, 2)])
def test_numbers_of_any_kind(value: float) -> None:
    assert is_number(value) and check_number("share", value, 0, 1) == value


@pytest.mark.parametrize("value", [None, "0.5", math.nan, True, -0.1, 1.1, [0.5], 1j])
def test_what_is_no_number_in_the_range(value: object) -> None:
    with pytest.raises(ArgumentError, match=r"^share is .+; give a number from 0 to 1\.$"):
        check_number("share", value, 0, 1)
