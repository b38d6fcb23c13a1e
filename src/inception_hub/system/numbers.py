"""Checks of the numbers that callers give: in Python they may be anything, text and None included."""

from numbers import Integral, Real
from typing import Any

from ..errors import ArgumentError


def check_count(name: str, value: Any, least: int = 1) -> int:
    """`value` as an int; raises `ArgumentError` unless it is a whole number, of any kind, from `least` on."""
    if not _is_a(Integral, value):
        raise ArgumentError(f"{name} is {_shown(value)}; give a whole number, {least} or more.")
    if value < least:
        raise ArgumentError(f"{name} is {value}; give {least} or more.")
    return int(value)


def is_number(value: Any) -> bool:
    """Whether `value` is a number of any kind, NumPy's included; True and False are none."""
    return _is_a(Real, value)


def check_number(name: str, value: Any, lowest: float, highest: float) -> float:
    """`value` itself; raises `ArgumentError` unless it is a number from `lowest` to `highest`."""
    if not is_number(value) or not lowest <= value <= highest:  # a NaN lies nowhere
        raise ArgumentError(f"{name} is {_shown(value)}; give a number from {lowest:g} to {highest:g}.")
    return value


def _is_a(kind: type, value: Any) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool)


def _shown(value: Any) -> str:
    return repr(value)[:60]
