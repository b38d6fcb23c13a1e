"""The cases that exports are compared on, and the largest error that is accepted."""

import numpy as np
import pytest

from inception_hub.errors import ExportError
from inception_hub.formats.comparison import cases, judge, relative_error
from inception_hub.formats.options import Options


def test_cases_follow_the_options() -> None:
    shapes = [images.shape for images in cases(Options())]
    assert len(shapes) == len(set(shapes)) >= 5 and {shape[1] % 2 for shape in shapes} == {0, 1}
    assert {images.shape[1:3] for images in cases(Options(size=(40, 56)))} == {(40, 56)}
    assert {images.shape[0] for images in cases(Options(batch=4))} == {4}
    assert [images.shape for images in cases(Options(size=(40, 56), batch=4))] == [(4, 40, 56, 3)]


def test_relative_errors() -> None:
    ones = np.ones((2, 3), np.float32)
    assert relative_error(ones, ones) == 0
    assert relative_error(ones * 1.01, ones) == pytest.approx(0.01, rel=1e-3)
    assert relative_error(ones[:1], ones) == relative_error(ones * np.nan, ones) == np.inf
    assert judge("software 1.0", [1e-6, 1e-5]).error == 1e-5
    with pytest.raises(ExportError, match="relative error 1.1e-04 in software 1.0 where 0.0001 is allowed"):
        judge("software 1.0", [0.00011, 1e-6])
