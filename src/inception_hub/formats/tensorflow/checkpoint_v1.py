"""TensorFlow's V1 checkpoint: one table whose values are protocol buffers with the numbers in them.

Format: tensorflow/core/util/saved_tensor_slice.proto. The key "" holds the names, shapes and dtypes of all
variables; every other record holds a slice of one, nearly always the whole.
"""

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ...errors import FormatError
from .files import MAX_INDEX_BYTES, MAX_WEIGHTS_BYTES
from .protobuf import EMPTY, Value, chunk, fields, packed_varints, text, unsigned
from .table import MAX_ENTRIES, read_table
from .tensor import (
    STORED_DTYPES,
    Slices,
    assemble,
    from_stored,
    read_extents,
    read_shape,
    slice_shape,
    to_slices,
)

TENSOR_CONTENT = 4  # the field of TensorProto that holds raw bytes of any dtype
# The field of TensorProto where the values of each dtype are listed, and the form they take there;
# None is one integer after the other. These are the dtypes that TensorFlow writes to V1 files.
VALUES: dict[str, tuple[int, str | None]] = {
    "float32": (5, "<f4"),
    "float64": (6, "<f8"),
    "int32": (7, None),
    "int16": (7, None),
    "int8": (7, None),
    "uint8": (7, None),
    "int64": (10, None),
    "bool": (11, None),
    "float16": (13, None),
}


@dataclass
class Entry:
    """A variable as the first record announces it, and the pieces read so far."""

    dtype: int
    shape: tuple[int, ...]
    pieces: list[tuple[Slices, NDArray[np.generic]]] = field(default_factory=list)


def read(data: memoryview) -> dict[str, NDArray[np.generic]]:
    """Every numeric variable by name. Raises `FormatError`."""
    entries: dict[str, Entry] = {}
    for key, record in read_table(data):
        if not key and len(record) > MAX_INDEX_BYTES:
            raise FormatError(f"more than {MAX_INDEX_BYTES >> 20} MiB of names and shapes")
        for number, value in fields(record):
            if number == 1 and not key:
                entries |= _read_meta(chunk(value))
            elif number == 2:
                _add_piece(entries, chunk(value))
    arrays: dict[str, NDArray[np.generic]] = {}
    for name, entry in entries.items():
        if _is_numeric(entry):
            try:
                arrays[name] = assemble(entry.shape, entry.pieces)
            except FormatError as error:
                raise FormatError(f"{name}: {error}") from error
    return arrays


def _is_numeric(entry: Entry) -> bool:
    return entry.dtype in STORED_DTYPES and STORED_DTYPES[entry.dtype].name in VALUES


def _read_meta(message: memoryview) -> dict[str, Entry]:
    """SavedTensorSliceMeta."""
    entries: dict[str, Entry] = {}
    for number, value in fields(message, MAX_ENTRIES):
        if number == 1:
            name, dtype, shape = "", 0, ()
            for part, content in fields(chunk(value)):
                if part == 1:
                    name = text(content)
                elif part == 2:
                    shape = read_shape(chunk(content))
                elif part == 3:
                    dtype = unsigned(content)
            entries[name] = Entry(dtype, shape)
    # Integers may take a byte each in the file and eight in memory.
    sizes = (math.prod(e.shape) * STORED_DTYPES[e.dtype].itemsize for e in entries.values() if _is_numeric(e))
    if sum(sizes) > MAX_WEIGHTS_BYTES:
        raise FormatError(f"more than {MAX_WEIGHTS_BYTES >> 30} GiB of variables")
    return entries


def _add_piece(entries: dict[str, Entry], message: memoryview) -> None:
    """SavedSlice, its numbers copied out of the file."""
    parts: dict[int, Value] = dict(fields(message))
    name = text(parts.get(1, EMPTY))
    if name not in entries:
        raise FormatError(f"{name}: values of a variable that the file does not announce")
    entry = entries[name]
    if not _is_numeric(entry):
        return
    try:
        slices = to_slices(read_extents(chunk(parts.get(2, EMPTY))), entry.shape)
        values = _read_values(entry.dtype, chunk(parts.get(3, EMPTY)), math.prod(slice_shape(slices)))
        if values.size != math.prod(slice_shape(slices)):
            raise FormatError(f"{values.size} values for shape {list(slice_shape(slices))}")
    except FormatError as error:
        raise FormatError(f"{name}: {error}") from error
    entry.pieces.append((slices, values.reshape(slice_shape(slices))))


def _read_values(dtype: int, message: memoryview, most: int) -> NDArray[np.generic]:
    """The numbers of a TensorProto, one-dimensional and in memory of their own; not many more than `most`."""
    stored = STORED_DTYPES[dtype]
    values_field, form = VALUES[stored.name]
    content, listed = bytearray(), bytearray()
    for number, value in fields(message):
        if number == TENSOR_CONTENT:
            content += chunk(value)
        elif number == values_field:
            listed += chunk(value)
    raw, item = (content, stored) if content else (listed, np.dtype(form) if form else None)
    if item is None:
        bits = np.dtype("<u2") if stored.name == "float16" else stored
        parts: list[NDArray[np.generic]] = []
        for part in packed_varints(memoryview(raw)):
            parts.append(part.astype(bits))
            most -= len(part)
            if most < 0:
                break
        return np.concatenate([np.empty(0, bits), *parts]).view(stored)
    if len(raw) % item.itemsize:
        raise FormatError(f"{len(raw)} bytes, not a whole number of {stored.name} values")
    return from_stored(dtype, np.frombuffer(raw, item))
