"""TensorFlow's dtypes, shapes and slices."""

import numpy as np
import pytest
from helpers.tensorflow_samples import extents, message, shape

from inception_hub.errors import FormatError
from inception_hub.formats.tensorflow.tensor import (
    BFLOAT16,
    MAX_RANK,
    STORED_DTYPES,
    assemble,
    from_stored,
    read_extents,
    read_shape,
    slice_shape,
    to_slices,
)


def test_dtypes() -> None:
    """Numbers of tensorflow/core/framework/types.proto; strings, resources and variants are no numbers."""
    assert STORED_DTYPES[1] == np.float32 and STORED_DTYPES[9] == np.int64 and STORED_DTYPES[19] == np.float16
    assert all(dtype.byteorder in "<|=" for dtype in STORED_DTYPES.values())
    assert not {0, 7, 20, 21} & set(STORED_DTYPES)


def test_bfloat16_is_the_upper_half_of_float32() -> None:
    values = np.array([1, -2.5, 0, np.inf, 3.140625], np.float32)
    stored = (values.view(np.uint32) >> 16).astype(STORED_DTYPES[BFLOAT16])
    assert from_stored(BFLOAT16, stored).tolist() == values.tolist()
    assert from_stored(1, values) is values


def test_shapes() -> None:
    assert read_shape(memoryview(b"")) == ()
    assert read_shape(memoryview(shape(3, 0, 1 << 20))) == (3, 0, 1 << 20)
    assert read_shape(memoryview(shape(*[1] * MAX_RANK))) == (1,) * MAX_RANK
    assert read_shape(memoryview(message((2, b""), (3, 0)))) == (0,)
    with pytest.raises(FormatError, match="a shape has more than 32 dimensions"):
        read_shape(memoryview(shape(*[1] * (MAX_RANK + 1))))
    for impossible in (shape(-1), shape(1 << 21, 1 << 21), shape(0, 1 << 41), message((3, 1))):
        with pytest.raises(FormatError, match="a variable's shape is unknown or impossible"):
            read_shape(memoryview(impossible))


def test_slices() -> None:
    read = read_extents(memoryview(extents((1, 2), None, (0, 0))))
    assert read == [(1, 2), (0, -1), (0, 0)]
    assert to_slices(read, (4, 5, 6)) == (slice(1, 3), slice(0, 5), slice(0, 0))
    assert slice_shape(to_slices(read, (4, 5, 6))) == (2, 5, 0)
    with pytest.raises(FormatError, match="a slice has more than 32 dimensions"):
        read_extents(memoryview(extents(*[None] * 33)))
    with pytest.raises(FormatError, match="a slice has 3 dimensions, its variable 1"):
        to_slices(read, (4,))
    for start, length in ((3, 2), (-1, 2), (2, -2), (5, 0)):
        with pytest.raises(FormatError, match="lies outside an axis of 4"):
            to_slices([(start, length)], (4,))


def test_slices_are_put_together() -> None:
    array = np.arange(12).reshape(3, 4)
    pieces = [((slice(0, 3), slice(0, 1)), array[:, :1]), ((slice(0, 3), slice(1, 4)), array[:, 1:])]
    assert assemble((3, 4), pieces).tolist() == array.tolist()
    assert assemble((3, 4), [((), array.ravel())]).shape == (3, 4)
    with pytest.raises(FormatError, match=r"slices that do not add up to shape \[3, 4\]"):
        assemble((3, 4), pieces[:1])
    with pytest.raises(FormatError, match="slices that do not add up"):
        assemble((0,), [])
    twice = [((slice(0, 2),), array[0, :2]), ((slice(1, 3),), array[0, :2])]
    with pytest.raises(FormatError, match="slices that overlap"):
        assemble((4,), twice)
