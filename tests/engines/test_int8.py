"""The int8 network as data, held to the table."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from helpers.int8_arrays import int8_arrays

from inception_hub.architecture import GLOBAL_POOL, LOGITS_LAYER, Architecture
from inception_hub.engines.int8 import SCALED, check, rounded
from inception_hub.errors import WeightsError

ARCHITECTURE = Architecture(0.25, 3)


def test_everything_but_maxima_is_rounded() -> None:
    names = list(rounded(ARCHITECTURE))
    assert names[0] == SCALED and GLOBAL_POOL in names and LOGITS_LAYER not in names
    maxima = {layer.name for layer in ARCHITECTURE.layers if layer.op == "max_pool"}
    assert maxima and not maxima & set(names) and len(names) == len(set(names))


def test_arrays_that_fit_come_in_the_tables_order() -> None:
    given = dict(reversed(int8_arrays(ARCHITECTURE).items()))
    checked = check(ARCHITECTURE, given)
    assert set(checked) == set(given) and list(checked) != list(given)


def set_value(name: str, value: object) -> Callable[[dict[str, Any]], None]:
    def change(made: dict[str, Any]) -> None:
        made[name] = value

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda made: made.pop(f"{SCALED}/range"), "missing: scaled_images/range"),
        (set_value("more", np.zeros(1, np.float32)), "unexpected: more"),
        (set_value(f"{SCALED}/range", np.zeros(3, np.float32)), "shape"),
        (set_value(f"{LOGITS_LAYER}/weights", np.zeros((1, 1, 256, 3), np.float32)), "dtype"),
        (set_value(f"{SCALED}/range", np.array([1, np.nan], np.float32)), "not finite: scaled_images/range"),
        (set_value(f"{SCALED}/range", np.array([1, 0], np.float32)), "from high to low: scaled_images/range"),
    ],
)
def test_what_does_not_fit_is_named(change: Callable[[dict[str, Any]], Any], message: str) -> None:
    made = int8_arrays(ARCHITECTURE)
    change(made)
    with pytest.raises(WeightsError, match=f"(?s)The int8 graph does not fit its network: .*{message}"):
        check(ARCHITECTURE, made)
