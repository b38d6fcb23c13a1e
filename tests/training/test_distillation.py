"""The settings of distillation: defaults and ranges."""

from typing import Any

import pytest

from inception_hub.errors import ArgumentError
from inception_hub.training.distillation import Distillation


def test_the_defaults() -> None:
    assert Distillation(("one",)) == Distillation(("one",), share=0.5, temperature=2.0)


@pytest.mark.parametrize(
    "given, message",
    [
        (dict(teachers=()), "no teacher; give the handle of one module or more"),
        (dict(share=1.1), r"share is 1.1; give a number in \[0, 1\]"),
        (dict(share=float("nan")), "share is nan"),
        (dict(temperature=0.0), "temperature is 0.0; give a finite number above 0"),
        (dict(temperature=float("inf")), "temperature is inf"),
    ],
)
def test_numbers_out_of_range_are_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        Distillation(**{"teachers": ("one",), **given})
