"""TensorFlow's V2 checkpoint ("tensor bundle"): a table `PREFIX.index` and raw `PREFIX.data-0000N-of-0000M`.

Format: tensorflow/core/protobuf/tensor_bundle.proto. The index says of every variable its dtype, shape, place
and checksum; the data files hold the bytes and nothing else.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import FormatError
from .crc32c import masked_crc32c
from .files import MAX_METADATA_BYTES, MAX_WEIGHTS_BYTES, naming, read_bounded, readable
from .protobuf import chunk, fields, signed, text, unsigned
from .table import read_table
from .tensor import (
    STORED_DTYPES,
    Slices,
    assemble,
    from_stored,
    read_full_shape,
    read_slices,
    slice_shape,
)

LITTLE_ENDIAN = 0


@dataclass(frozen=True)
class Entry:
    """BundleEntryProto: where a variable stands, or of which slices it consists."""

    key: bytes
    dtype: int
    shape: tuple[int, ...]
    shard: int
    offset: int
    size: int
    checksum: int
    slices: tuple[Slices, ...]


def read(prefix: str) -> dict[str, NDArray[np.generic]]:
    """Every numeric variable of `PREFIX.index` by name. Raises `FormatError` and `HandleError`."""
    index = Path(f"{prefix}.index")
    with naming(index):
        num_shards, entries = _read_index(read_bounded(index, MAX_METADATA_BYTES))
    stored = sorted((e for e in entries.values() if not e.slices), key=lambda e: (e.shard, e.offset))
    arrays: dict[bytes, NDArray[np.generic]] = {}
    for shard, members in groupby(stored, key=lambda entry: entry.shard):
        path = Path(f"{prefix}.data-{shard:05d}-of-{num_shards:05d}")
        if not path.is_file():
            raise FormatError(f"{path} is missing, which {index.name} needs; copy it to where the index lies.")
        with naming(path):
            arrays |= _read_shard(path, members)
    with naming(index):
        # Keys of slices begin with a zero byte: `_slice_key`.
        return {
            text(memoryview(key)): _assemble(entry, arrays) if entry.slices else arrays[key]
            for key, entry in entries.items()
            if not key.startswith(b"\0")
        }


def _read_index(data: bytes) -> tuple[int, dict[bytes, Entry]]:
    """Number of shards, and the numeric entries by key."""
    num_shards: int | None = None
    entries: dict[bytes, Entry] = {}
    for key, record in read_table(data):
        if not key:
            header = dict(fields(record))
            num_shards = unsigned(header.get(1, 0))
            if header.get(2, LITTLE_ENDIAN) != LITTLE_ENDIAN:
                raise FormatError("numbers in big-endian order, which no current machine writes,")
        elif (entry := _read_entry(key, record)).dtype in STORED_DTYPES:
            entries[key] = entry
    if num_shards is None:
        raise FormatError("the header is missing")
    if any(not 0 <= entry.shard < num_shards for entry in entries.values()):
        raise FormatError(f"a variable in a data file beyond the {num_shards} there are")
    if sum(entry.size for entry in entries.values()) > MAX_WEIGHTS_BYTES:
        raise FormatError(f"more than {MAX_WEIGHTS_BYTES >> 30} GiB of variables")
    return num_shards, entries


def _read_entry(key: bytes, record: memoryview) -> Entry:
    parts = dict(fields(record))
    numbers = {part: signed(parts.get(part, 0)) for part in (1, 3, 4, 5)}
    shape = read_full_shape(chunk(parts.get(2, memoryview(b""))))
    slices = tuple(read_slices(chunk(value), shape) for part, value in fields(record) if part == 7)
    checksum = int.from_bytes(chunk(parts.get(6, memoryview(b""))), "little")
    return Entry(key, numbers[1], shape, numbers[3], numbers[4], numbers[5], checksum, slices)


def _read_shard(path: Path, entries: Iterator[Entry]) -> Iterator[tuple[bytes, NDArray[np.generic]]]:
    """Reads `entries`, which are in the order of their offsets, each into memory of its own."""
    with readable(path), path.open("rb") as file:
        available = file.seek(0, 2)
        end = 0
        for entry in entries:
            name = entry.key.decode("utf-8", "backslashreplace")
            dtype = STORED_DTYPES[entry.dtype]
            if entry.size != math.prod(entry.shape) * dtype.itemsize:
                raise FormatError(f"{name}: {entry.size} bytes for {dtype.name} of shape {list(entry.shape)}")
            if entry.offset < end:
                raise FormatError(f"{name}: bytes that belong to another variable")
            end = entry.offset + entry.size
            if end > available:
                raise FormatError(f"{name}: bytes up to {end} wanted and only {available} present")
            raw = bytearray(entry.size)
            file.seek(entry.offset)
            if file.readinto(raw) != entry.size or masked_crc32c(raw) != entry.checksum:
                raise FormatError(f"{name}: checksum mismatch")
            yield entry.key, from_stored(entry.dtype, np.frombuffer(raw, dtype).reshape(entry.shape))


def _assemble(entry: Entry, arrays: dict[bytes, NDArray[np.generic]]) -> NDArray[np.generic]:
    name = entry.key.decode("utf-8", "backslashreplace")
    pieces: list[tuple[Slices, NDArray[np.generic]]] = []
    for slices in entry.slices:
        piece = arrays.get(_slice_key(entry, slices))
        if piece is None or piece.shape != slice_shape(slices):
            raise FormatError(f"{name}: a slice that is missing or misshapen")
        pieces.append((slices, piece))
    try:
        return assemble(entry.shape, pieces)
    except FormatError as error:
        raise FormatError(f"{name}: {error}") from error


def _slice_key(entry: Entry, slices: Slices) -> bytes:
    """The key a slice is stored under: `EncodeTensorNameSlice` of TensorFlow's saved_tensor_slice_util.cc.

    A zero, the name, the rank, then start and length of every axis, (0, -1) for a whole one, all in
    the order-preserving encoding of TensorFlow's ordered_code.cc.
    """
    name = entry.key.replace(b"\xff", b"\xff\x00")
    key = b"\0" + name + b"\0\1" + (bytes([1, len(slices)]) if slices else b"\0")
    for extent, size in zip(slices, entry.shape, strict=True):
        length = extent.stop - extent.start
        key += _ordered(extent.start) + _ordered(-1 if length == size else length)
    return key


def _ordered(value: int) -> bytes:
    """A signed number in the fewest bytes that hold it and, in unary, their count."""
    size = (value if value >= 0 else ~value).bit_length() // 7 + 1
    header = ((1 << size) - 1) << 7 * size
    return ((value & (1 << 8 * size) - 1) ^ header).to_bytes(size, "big")
