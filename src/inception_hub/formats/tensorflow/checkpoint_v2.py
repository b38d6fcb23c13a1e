"""TensorFlow's V2 checkpoint ("tensor bundle"): a table `PREFIX.index` and raw `PREFIX.data-0000N-of-0000M`.

Format: tensorflow/core/protobuf/tensor_bundle.proto. The index says of every variable its dtype, shape, place
and checksum; the data files hold the bytes and nothing else.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...errors import FormatError
from ...system.regular import open_regular
from .crc32c import masked_crc32c
from .files import MAX_GRAPHS_BYTES, MAX_INDEX_BYTES, MAX_WEIGHTS_BYTES, naming, read_bounded
from .object_graph import OBJECT_GRAPH, STRING, full_names, stored_string
from .protobuf import EMPTY, chunk, fields, signed, text, unsigned
from .table import read_table
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

LITTLE_ENDIAN = 0
SLICE_KEY = b"\0"  # what the key of a slice begins with, and no name


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
    slices: tuple[tuple[Slices, bytes], ...]  # each with the key of its own entry

    @property
    def name(self) -> str:
        """The variable's name; of a slice, whose key is not text, what can be shown of it."""
        return str(self.key)[2:-1] if self.key.startswith(SLICE_KEY) else self.key.decode()


def read(prefix: str) -> dict[str, NDArray[np.generic]]:
    """Every numeric variable of `PREFIX.index` by name. Raises `FormatError` and `HandleError`.

    The name is the key, or where an object graph says so the variable's own.
    """
    index = Path(f"{prefix}.index")
    with naming(index):
        num_shards, entries = _read_index(read_bounded(index, MAX_INDEX_BYTES))
    stored = sorted((e for e in entries.values() if not e.slices), key=lambda e: (e.shard, e.offset))
    arrays: dict[bytes, NDArray[np.generic]] = {}
    for shard, members in groupby(stored, key=lambda entry: entry.shard):
        path = Path(f"{prefix}.data-{shard:05d}-of-{num_shards:05d}")
        if not path.is_file():
            raise FormatError(
                f"{path} is missing, which {index.name} needs; copy it to where the index lies."
            )
        with naming(path):
            arrays |= _read_shard(path, members)
    with naming(index):
        graph = arrays.pop(OBJECT_GRAPH, None)
        names = {} if graph is None else full_names(memoryview(graph.tobytes()))
        keys = [key for key in entries if not key.startswith(SLICE_KEY) and key != OBJECT_GRAPH]
        variables = {
            names.get(entry.name, entry.name): _assemble(entry, arrays) if entry.slices else arrays[entry.key]
            for entry in (entries[key] for key in keys)
        }
        if len(variables) < len(keys):
            raise FormatError("two variables of one name")
        return variables


def _read_index(data: bytes) -> tuple[int, dict[bytes, Entry]]:
    """Number of shards, and the numeric entries and the object graph by key."""
    num_shards: int | None = None
    entries: dict[bytes, Entry] = {}
    for key, record in read_table(data):
        if not key:
            header = dict(fields(record))
            num_shards = unsigned(header.get(1, 0))
            if unsigned(header.get(2, LITTLE_ENDIAN)) != LITTLE_ENDIAN:
                raise FormatError("numbers in big-endian order, which no current machine writes,")
        elif (entry := _read_entry(key, record)).dtype in STORED_DTYPES or _is_object_graph(entry):
            entries[key] = entry
    if num_shards is None:
        raise FormatError("the header is missing")
    for entry in entries.values():
        if _is_object_graph(entry):
            if not 0 <= entry.size <= MAX_GRAPHS_BYTES:
                raise FormatError(f"{entry.name}: {entry.size} bytes")
        else:
            _check_size(entry)
        # A list that repeats a slice would ask for memory that no file fills.
        if len({key for _, key in entry.slices}) < len(entry.slices):
            raise FormatError(f"{entry.name}: slices that overlap")
        if not 0 <= entry.shard < num_shards:
            raise FormatError(f"{entry.name}: data file {entry.shard} where there are {num_shards}")
    if sum(entry.size for entry in entries.values()) > MAX_WEIGHTS_BYTES:
        raise FormatError(f"more than {MAX_WEIGHTS_BYTES >> 30} GiB of variables")
    return num_shards, entries


def _is_object_graph(entry: Entry) -> bool:
    return entry.key == OBJECT_GRAPH and entry.dtype == STRING and not entry.shape and not entry.slices


def _check_size(entry: Entry) -> None:
    stored = STORED_DTYPES[entry.dtype]
    expected = 0 if entry.slices else math.prod(entry.shape) * stored.itemsize
    if entry.size != expected:
        raise FormatError(f"{entry.name}: {entry.size} bytes for {stored.name} of shape {list(entry.shape)}")


def _read_entry(key: bytes, record: memoryview) -> Entry:
    if not key.startswith(SLICE_KEY):
        text(memoryview(key))  # refuses what is no name
    parts = dict(fields(record))
    numbers = {part: signed(parts.get(part, 0)) for part in (1, 3, 4, 5)}
    shape = read_shape(chunk(parts.get(2, EMPTY)))
    extents = [read_extents(chunk(value)) for part, value in fields(record) if part == 7]
    slices = tuple((to_slices(extent, shape), _slice_key(key, extent)) for extent in extents)
    checksum = int.from_bytes(chunk(parts.get(6, EMPTY)), "little")
    return Entry(key, numbers[1], shape, numbers[3], numbers[4], numbers[5], checksum, slices)


def _read_shard(path: Path, entries: Iterator[Entry]) -> Iterator[tuple[bytes, NDArray[np.generic]]]:
    """Reads `entries`, which are in the order of their offsets, each into memory of its own."""
    with open_regular(path) as file:
        available = file.seek(0, 2)
        end = 0
        for entry in entries:
            if entry.offset < end:
                raise FormatError(f"{entry.name}: bytes that belong to another variable")
            end = entry.offset + entry.size
            if end > available:
                raise FormatError(f"{entry.name}: bytes up to {end} wanted and only {available} present")
            raw = bytearray(entry.size)
            file.seek(entry.offset)
            complete = file.readinto(raw) == entry.size
            if _is_object_graph(entry) and complete:
                yield entry.key, np.frombuffer(stored_string(memoryview(raw), entry.checksum), np.uint8)
                continue
            if not complete or masked_crc32c(raw) != entry.checksum:
                raise FormatError(f"{entry.name}: checksum mismatch")
            yield (
                entry.key,
                from_stored(entry.dtype, np.frombuffer(raw, STORED_DTYPES[entry.dtype]).reshape(entry.shape)),
            )


def _assemble(entry: Entry, arrays: dict[bytes, NDArray[np.generic]]) -> NDArray[np.generic]:
    pieces: list[tuple[Slices, NDArray[np.generic]]] = []
    for slices, key in entry.slices:
        piece = arrays.get(key)
        if piece is None or piece.shape != slice_shape(slices):
            raise FormatError(f"{entry.name}: a slice that is missing or misshapen")
        pieces.append((slices, piece))
    try:
        return assemble(entry.shape, pieces)
    except FormatError as error:
        raise FormatError(f"{entry.name}: {error}") from error


def _slice_key(name: bytes, extents: Sequence[tuple[int, int]]) -> bytes:
    """The key a slice is stored under: `EncodeTensorNameSlice` of TensorFlow's saved_tensor_slice_util.cc.

    `SLICE_KEY`, the name, the rank, then start and length along every axis, all in the order-preserving
    encoding of TensorFlow's ordered_code.cc. A rank is at least 1: a scalar has no slices.
    """
    escaped = name.replace(b"\xff", b"\xff\x00")
    numbers = b"".join(_ordered(start) + _ordered(length) for start, length in extents)
    return SLICE_KEY + escaped + b"\0\1" + bytes([1, len(extents)]) + numbers


def _ordered(value: int) -> bytes:
    """A signed number in the fewest bytes that hold it and, in unary, their count."""
    size = (value if value >= 0 else ~value).bit_length() // 7 + 1
    header = ((1 << size) - 1) << 7 * size
    return ((value & (1 << 8 * size) - 1) ^ header).to_bytes(size, "big")
