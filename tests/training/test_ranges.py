"""Ranges of a record's values: ends are included, None is left alone, what is outside is named."""

import math
from dataclasses import dataclass

import pytest

from inception_hub.errors import ArgumentError
from inception_hub.training.ranges import check_ranges


@dataclass
class Settings:
    share: float | None = 0.5
    count: int = 3


@pytest.mark.parametrize("settings", [Settings(), Settings(0, 1), Settings(1, 5), Settings(None)])
def test_values_in_their_ranges_are_accepted(settings: Settings) -> None:
    check_ranges(settings, share=(0, 1), count=(1, 5))


@pytest.mark.parametrize(
    "settings, message",
    [
        (Settings(1.5), "share is 1.5; give a number from 0 to 1."),
        (Settings(math.nan), "share is nan; give a number from 0 to 1."),
        (Settings(0.5, 0), "count is 0; give a number from 1 to 5."),
    ],
)
def test_a_value_outside_is_named(settings: Settings, message: str) -> None:
    with pytest.raises(ArgumentError) as raised:
        check_ranges(settings, share=(0, 1), count=(1, 5))
    assert str(raised.value) == message


def test_a_count_is_whole_and_may_begin_at_zero() -> None:
    check_ranges(Settings(count=0), count=(0, 5))
    with pytest.raises(ArgumentError, match="^count is 1.5; give a whole number, 0 or more.$"):
        check_ranges(Settings(count=1.5), count=(0, 5))  # type: ignore[arg-type]
