"""Ranges of the values of a recipe, checked where the recipe is made."""

from dataclasses import fields
from typing import TYPE_CHECKING

from ..system.numbers import check_count, check_number

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def check_ranges(record: "DataclassInstance", **ranges: tuple[float, float]) -> None:
    """Raises `ArgumentError` unless each named field lies in its range, ends included.

    A field that is an int by its annotation must be whole, one that may be None may be None.
    """
    kinds = {field.name: str(field.type) for field in fields(record)}
    for name, (lowest, highest) in ranges.items():
        value = getattr(record, name)
        if value is None and "None" in kinds[name]:
            continue
        check_number(name, value, lowest, highest)
        if "float" not in kinds[name]:
            check_count(name, value, int(lowest))
