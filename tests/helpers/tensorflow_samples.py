"""Where TensorFlow's files for the tests lie, and small writers of its formats, to make hostile ones."""

import tarfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from numpy.typing import NDArray

from helpers.places import GOLDEN as GOLDEN
from helpers.places import RECORDED
from inception_hub.formats.tensorflow.crc32c import masked_crc32c

SAMPLES = RECORDED / "tensorflow"
MAGIC = bytes.fromhex("57fb808b247547db")
Arrays = dict[str, NDArray[np.generic]]

# For Hypothesis: a busy machine is no failure.
examples = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def expected(checkpoint: str) -> dict[str, NDArray[np.generic]]:
    """What TensorFlow held when it wrote the sample of that name."""
    with np.load(SAMPLES / "expected.npz") as file:
        return {
            key.removeprefix(f"{checkpoint}/"): file[key]
            for key in file.files
            if key.startswith(f"{checkpoint}/")
        }


def same_arrays(received: Arrays, wanted: Arrays) -> None:
    """Asserts the same names, and for each the same dtype, shape and bytes."""
    assert received.keys() == wanted.keys()
    for name, array in received.items():
        assert array.dtype == wanted[name].dtype, name
        assert array.shape == wanted[name].shape, name
        assert array.tobytes() == wanted[name].tobytes(), name


def extract_golden(archive: str, directory: Path) -> Path:
    """The golden archive of that name, extracted into `directory`; skips the test where it is absent."""
    if not (GOLDEN / archive).is_file():
        pytest.skip(f"{GOLDEN / archive} is not there")
    with tarfile.open(GOLDEN / archive) as tar:
        tar.extractall(directory, filter="data")
    return directory


def varint(value: int) -> bytes:
    """A number as protocol buffers and tables write it."""
    value &= (1 << 64) - 1
    groups = bytearray()
    while value > 0x7F:
        groups.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*groups, value])


def message(*fields: tuple[int, int | bytes]) -> bytes:
    """A protocol buffer of numbers (varints) and bytes."""
    return b"".join(
        varint(number << 3) + varint(value)
        if isinstance(value, int)
        else varint(number << 3 | 2) + varint(len(value)) + value
        for number, value in fields
    )


def block(*entries: tuple[bytes, bytes], shared: int = 0) -> bytes:
    """A block of a table without prefix compression, or with every key claiming `shared` bytes."""
    records = (varint(shared) + varint(len(key)) + varint(len(value)) + key + value for key, value in entries)
    return b"".join(records) + bytes(4) + (1).to_bytes(4, "little")


def table(*blocks: bytes, kind: int = 0, handles: list[tuple[int, int]] | None = None) -> bytes:
    """A table of these data blocks, which are indexed as they stand or as `handles` claims."""
    file = b""
    places: list[tuple[int, int]] = []
    for content in blocks:
        places.append((len(file), len(content)))
        file += stored(content, kind)
    index = block(*((b"%05d" % i, varint(o) + varint(s)) for i, (o, s) in enumerate(handles or places)))
    footer = varint(0) + varint(0) + varint(len(file)) + varint(len(index))
    return file + stored(index) + footer.ljust(40, b"\0") + MAGIC


def stored(content: bytes, kind: int = 0) -> bytes:
    """A block with its trailer."""
    content += bytes([kind])
    return content + masked_crc32c(content).to_bytes(4, "little")


def shape(*sizes: int) -> bytes:
    """TensorShapeProto."""
    return message(*((2, message((1, size))) for size in sizes))


def extents(*pairs: tuple[int, int] | None) -> bytes:
    """TensorSliceProto of starts and lengths, None for a whole axis."""
    return message(*((1, message((1, pair[0]), (2, pair[1])) if pair else b"") for pair in pairs))


def announced(*sizes: int, dtype: int = 1) -> bytes:
    """SavedTensorSliceMeta of one variable `w`, float32 unless another dtype is given."""
    return message((1, message((1, b"w"), (2, shape(*sizes)), (3, dtype))))


def piece(values: bytes, *pairs: tuple[int, int] | None, field: int = 5) -> bytes:
    """SavedSlice of `w`, its values in a field of TensorProto."""
    return message((1, b"w"), (2, extents(*pairs)), (3, message((field, values))))


def v1(meta: bytes, *pieces: bytes) -> bytes:
    """A V1 checkpoint."""
    records = [(b"\0%05d" % number, message((2, content))) for number, content in enumerate(pieces)]
    return table(block((b"", message((1, meta))), *records))


HEADER = (b"", message((1, 1)))  # the first entry of a V2 checkpoint's index: one data file


def scalar(content: bytes) -> tuple[bytes, int]:
    """A scalar string as a checkpoint stores it, and the checksum of its entry."""
    length = len(content).to_bytes(4, "little")
    guard = masked_crc32c(length).to_bytes(4, "little")
    return varint(len(content)) + guard + content, masked_crc32c(length + guard + content)


def of_objects(folder: Path, graph: bytes, keys: list[str], size: int | None = None) -> Path:
    """A checkpoint of scalars 1.0, 2.0, ... under `keys`, with this object graph."""
    raw, checksum = scalar(graph)
    file = raw
    size = len(raw) if size is None else size
    fields = [(1, 7), (2, b""), (4, 0), (5, size)]
    guard = b"\x35" + checksum.to_bytes(4, "little")  # field 6, fixed32
    entries = {b"": message((1, 1)), b"_CHECKPOINTABLE_OBJECT_GRAPH": message(*fields) + guard}
    for number, key in enumerate(keys, 1):
        value = np.float32(number).tobytes()
        guard = b"\x35" + masked_crc32c(value).to_bytes(4, "little")
        entries[key.encode()] = message((1, 1), (2, b""), (4, len(file)), (5, 4)) + guard
        file += value
    (folder / "c.index").write_bytes(table(block(*sorted(entries.items()))))
    (folder / "c.data-00000-of-00001").write_bytes(file)
    return folder / "c"
