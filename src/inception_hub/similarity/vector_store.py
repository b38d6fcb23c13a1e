"""A file of the vectors and fingerprints of photos: safetensors, read within bounds and never taken on trust.

Its header follows from how many photos there are, so a file counts only if it begins with just that header
and has just that size. Vectors and fingerprints are mapped, not read: a million take 8 GB of disk and a few
hundred MB of memory.
"""

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from ..images.fingerprint import SIDE
from ..output.settings import Settings, to_json
from ..system import open_files
from ..system.regular import open_regular

FORMAT = "inception-hub vectors 1"
MAX_HEADER = 1 << 16  # bytes; ours have some 1,000
MAX_NAMES = 1 << 30  # bytes of all paths together
LENGTH = 8  # bytes of the header's length, before it
AT_A_TIME = 1024  # photos copied together
COLUMNS = ("sizes", "modified", "starts", "vectors", "fingerprints", "names")  # in the file's order
Stamp = tuple[int, int]  # a photo's size in bytes and the time of its last change in ns


@dataclass(frozen=True, eq=False)
class Stored:
    """Photos by their paths below the folder, `stamps` when they were computed, and what was computed.

    `vectors`: float32 [n, features], `fingerprints`: uint8 [n, SIDE, SIDE], mapped from the file; in memory
    where a mapped file could not be replaced by the next.
    """

    names: Sequence[str]
    stamps: Sequence[Stamp]
    vectors: NDArray[np.float32]
    fingerprints: NDArray[np.uint8]


def read(path: Path, settings: Settings, features: int) -> Stored | None:
    """What `path` holds; None if there is no such file, or it is not whole or of other `settings`."""
    with suppress(OSError), open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        length = int.from_bytes(file.read(LENGTH), "little")
        header = file.read(min(length, MAX_HEADER))
        try:
            described: Any = json.loads(header)
            count, characters = (int(described[name]["shape"][0]) for name in ("sizes", "names"))
        except (ValueError, TypeError, LookupError, RecursionError, OverflowError):
            return None
        if not 0 <= count <= size or not 0 <= characters <= MAX_NAMES:
            return None
        shapes = _shapes(count, features, characters)
        whole = LENGTH + len(header) + sum(map(_bytes, shapes.values()))
        if header != _header(shapes, settings) or size != whole:
            return None
        return _read(file, LENGTH + len(header), shapes)
    return None


def _read(
    file: IO[bytes], offset: int, shapes: Mapping[str, tuple[np.dtype[Any], tuple[int, ...]]]
) -> Stored | None:
    arrays: dict[str, NDArray[Any]] = {}
    for name in COLUMNS:
        dtype, shape = shapes[name]
        if name in ("vectors", "fingerprints") and shape[0] and open_files.MOVABLE:
            arrays[name] = np.memmap(file, dtype, "r", offset, shape)
        else:
            file.seek(offset)
            arrays[name] = np.frombuffer(file.read(_bytes(shapes[name])), dtype).reshape(shape)
        offset += _bytes(shapes[name])
    starts, names = arrays["starts"], arrays["names"].tobytes()
    if (
        starts[0] != 0
        or starts[-1] != len(names)
        or (starts[1:] < starts[:-1]).any()  # a difference may wrap round
        or not _finite(arrays["vectors"])
    ):
        return None
    ends = starts.tolist()
    paths = [os.fsdecode(names[start:end]) for start, end in zip(ends, ends[1:], strict=False)]
    stamps = list(zip(arrays["sizes"].tolist(), arrays["modified"].tolist(), strict=True))
    return Stored(paths, stamps, arrays["vectors"], arrays["fingerprints"])


def write(
    path: Path,
    names: Sequence[str],
    stamps: Sequence[Stamp],
    vectors: Iterable[NDArray[np.float32]],
    fingerprints: Iterable[NDArray[np.uint8]],
    settings: Settings,
    features: int,
) -> None:
    """Writes a new file `path`; `vectors` and `fingerprints`: one after another, in the order of `names`.

    Raises what the system raises.
    """
    encoded = [os.fsencode(name) for name in names]
    shapes = _shapes(len(names), features, sum(map(len, encoded)))
    with path.open("xb") as file:
        header = _header(shapes, settings)
        file.write(len(header).to_bytes(LENGTH, "little") + header)
        for column in zip(*stamps, strict=True) if stamps else ((), ()):
            file.write(np.array(column, "<i8").tobytes())
        file.write(np.array([0, *accumulate(map(len, encoded))], "<i8").tobytes())
        for each in vectors:
            file.write(np.ascontiguousarray(each, "<f4").data)
        for each in fingerprints:
            file.write(np.ascontiguousarray(each, np.uint8).data)
        file.writelines(encoded)


def rows(arrays: Iterable[NDArray[Any]]) -> Iterator[NDArray[Any]]:
    """`AT_A_TIME` rows of each of `arrays` after the other, for reading mapped ones."""
    for array in arrays:
        for start in range(0, len(array), AT_A_TIME):
            yield array[start : start + AT_A_TIME]


def _shapes(count: int, features: int, characters: int) -> dict[str, tuple[np.dtype[Any], tuple[int, ...]]]:
    whole, byte = np.dtype("<i8"), np.dtype("u1")
    return {
        "sizes": (whole, (count,)),
        "modified": (whole, (count,)),
        "starts": (whole, (count + 1,)),
        "vectors": (np.dtype("<f4"), (count, features)),
        "fingerprints": (byte, (count, SIDE, SIDE)),
        "names": (byte, (characters,)),
    }


def _header(shapes: Mapping[str, tuple[np.dtype[Any], tuple[int, ...]]], settings: Settings) -> bytes:
    """The header of safetensors, with blanks at its end: the numbers behind it lie at multiples of 8."""
    kinds = {"<i8": "I64", "<f4": "F32", "|u1": "U8"}
    described: dict[str, Any] = {"__metadata__": {"format": FORMAT, "settings": to_json(settings).decode()}}
    offset = 0
    for name in COLUMNS:
        dtype, shape = shapes[name]
        end = offset + _bytes(shapes[name])
        described[name] = {"dtype": kinds[dtype.str], "shape": list(shape), "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(described, separators=(",", ":")).encode()
    return text + b" " * (-len(text) % LENGTH)


def _bytes(column: tuple[np.dtype[Any], tuple[int, ...]]) -> int:
    dtype, shape = column
    return dtype.itemsize * int(np.prod(shape, dtype=object))


def _finite(vectors: NDArray[np.float32]) -> bool:
    return all(bool(np.isfinite(part).all()) for part in rows([vectors]))
