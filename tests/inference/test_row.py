"""A row holds exactly one of predictions, a vector and an error."""

import pytest

from inception_hub.errors import ArgumentError
from inception_hub.inference.row import Row


def test_a_row_holds_exactly_one_answer() -> None:
    with pytest.raises(ArgumentError, match="holds 0 of predictions, vector and error"):
        Row("cat.jpg", "m")
    with pytest.raises(ArgumentError, match="holds 2 of predictions, vector and error"):
        Row("cat.jpg", "m", predictions=(), error="no")
