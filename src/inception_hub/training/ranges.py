"""Ranges of the values of a recipe, checked where the recipe is made."""

from ..errors import ArgumentError


def check_ranges(record: object, **ranges: tuple[float, float]) -> None:
    """Raises `ArgumentError` unless each named attribute lies in its range, ends included, or is None."""
    for name, (lowest, highest) in ranges.items():
        value = getattr(record, name)
        if value is not None and not lowest <= value <= highest:  # a NaN lies nowhere
            raise ArgumentError(f"{name} is {value}; give a number from {lowest:g} to {highest:g}.")
