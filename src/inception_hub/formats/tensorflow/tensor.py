"""TensorFlow's dtypes, shapes and slices, which V1 and V2 checkpoints share.

Field numbers are those of `types.proto`, `tensor_shape.proto` and `tensor_slice.proto` in
tensorflow/core/framework.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ...errors import FormatError
from .protobuf import chunk, fields, signed

MAX_RANK = 32  # NumPy's limit before version 2
MAX_ELEMENTS = 1 << 40  # beyond any file's content, within NumPy's arithmetic

BFLOAT16 = 14
# The numeric dtypes as a file holds them. bfloat16 is the upper half of a float32, which is what it becomes:
# NumPy does not have it.
STORED_DTYPES = {
    number: np.dtype(name).newbyteorder("<")
    for number, name in {
        1: "float32",
        2: "float64",
        3: "int32",
        4: "uint8",
        5: "int16",
        6: "int8",
        8: "complex64",
        9: "int64",
        10: "bool",
        BFLOAT16: "uint16",
        17: "uint16",
        18: "complex128",
        19: "float16",
        22: "uint32",
        23: "uint64",
    }.items()
}

Slices = tuple[slice, ...]


def from_stored(dtype: int, stored: NDArray[np.generic]) -> NDArray[np.generic]:
    """An array of `STORED_DTYPES[dtype]` as the array it stands for."""
    if dtype == BFLOAT16:
        return (stored.astype(np.uint32) << 16).view(np.float32)
    return stored


def read_shape(message: memoryview) -> tuple[int, ...]:
    """A TensorShapeProto of known dimensions, of a size that arithmetic bears."""
    shape: list[int] = []
    for number, value in fields(message):
        if number == 2:
            sizes = [signed(size) for field, size in fields(chunk(value)) if field == 1]
            shape.append(sizes[-1] if sizes else 0)
            if len(shape) > MAX_RANK:
                raise FormatError(f"a shape has more than {MAX_RANK} dimensions")
        elif number == 3 and value:
            shape.append(-1)  # the rank is unknown
    if min(shape, default=0) < 0 or math.prod(max(size, 1) for size in shape) > MAX_ELEMENTS:
        raise FormatError("a variable's shape is unknown or impossible")
    return tuple(shape)


def read_extents(message: memoryview) -> list[tuple[int, int]]:
    """Start and length along every axis of a TensorSliceProto; -1 is the length of a whole axis."""
    extents: list[tuple[int, int]] = []
    for number, value in fields(message):
        if number == 1:
            numbers = {part: signed(content) for part, content in fields(chunk(value))}
            extents.append((numbers.get(1, 0), numbers.get(2, -1)))
            if len(extents) > MAX_RANK:
                raise FormatError(f"a slice has more than {MAX_RANK} dimensions")
    return extents


def to_slices(extents: Sequence[tuple[int, int]], shape: Sequence[int]) -> Slices:
    """The part of an array of `shape` that `extents` stand for."""
    if len(extents) != len(shape):
        raise FormatError(f"a slice has {len(extents)} dimensions, its variable {len(shape)}")
    slices: list[slice] = []
    for (start, length), size in zip(extents, shape, strict=True):
        stop = size if length == -1 else start + length
        if not 0 <= start <= stop <= size:
            raise FormatError(f"a slice from {start} to {stop} lies outside an axis of {size}")
        slices.append(slice(start, stop))
    return tuple(slices)


def slice_shape(slices: Slices) -> tuple[int, ...]:
    """Shape of the part that `slices` cut out."""
    return tuple(extent.stop - extent.start for extent in slices)


def assemble(
    shape: tuple[int, ...], pieces: Sequence[tuple[Slices, NDArray[np.generic]]]
) -> NDArray[np.generic]:
    """The array of `shape` that `pieces` fill; each value must be given exactly once."""
    if sum(piece.size for _, piece in pieces) != math.prod(shape) or not pieces:
        raise FormatError(f"slices that do not add up to shape {list(shape)}")
    if len(pieces) == 1:
        return pieces[0][1].reshape(shape)
    whole = np.empty(shape, pieces[0][1].dtype)
    given = np.zeros(shape, bool)
    for slices, piece in pieces:
        if given[slices].any():
            raise FormatError("slices that overlap")
        given[slices] = True
        whole[slices] = piece
    return whole
