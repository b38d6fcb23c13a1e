"""The matrix product that a network's rate is held to."""

import pytest

from inception_hub.engines import PRECISIONS, Precision
from inception_hub.engines.openvino_product import cpu_name, matrix_product


@pytest.mark.parametrize("precision", PRECISIONS)
def test_every_precision_has_a_product(precision: Precision) -> None:
    multiply = matrix_product(32, precision)
    multiply()
    multiply()


def test_the_cpu_has_a_name() -> None:
    assert cpu_name() and cpu_name() == cpu_name().strip()
