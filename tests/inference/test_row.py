"""A row holds exactly one of predictions, a vector and an error."""

import numpy as np
import pytest

from inception_hub.errors import ArgumentError
from inception_hub.inference.row import Row

VECTOR = np.zeros(3, np.float32)


@pytest.mark.parametrize("given", [{"predictions": ()}, {"vector": VECTOR}, {"error": ""}])
def test_one_of_the_three(given: dict) -> None:
    row = Row("cat.jpg", "my_module", **given)
    assert (row.path, row.module) == ("cat.jpg", "my_module")
    assert row == row and row != Row("cat.jpg", "my_module", **given)  # by identity


@pytest.mark.parametrize("given, count", [({}, 0), ({"vector": VECTOR, "error": "no"}, 2)])
def test_none_or_several_are_refused(given: dict, count: int) -> None:
    with pytest.raises(ArgumentError, match=f"The row of cat.jpg holds {count} of predictions, vector and"):
        Row("cat.jpg", "my_module", **given)
