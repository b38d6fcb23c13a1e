"""Our ONNX files: initialisers under Slim's names. Field numbers are those of onnx/onnx.proto."""

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..architecture import SCOPE
from ..errors import FormatError
from .exported import Exported
from .tensorflow.files import naming, read_bounded, reading
from .tensorflow.protobuf import EMPTY, MAX_VARINT_BYTES, chunk, fields, packed_varints, text, unsigned
from .tensorflow.tensor import MAX_RANK

MAX_BYTES = 2 << 30  # what a protocol buffer can hold
DTYPES = {1: np.dtype("<f4"), 10: np.dtype("<f2")}


def is_onnx(path: Path) -> bool:
    """Whether the name says so: the bytes of the format begin like those of many others."""
    return path.suffix == ".onnx" and path.is_file()


def read_onnx(path: Path) -> Exported:
    """Every initialiser under Slim's scope, and the metadata.

    Raises `FormatError` for a file that is damaged, or holds none: of a network that was folded, say.
    """
    with reading(path), naming(path):
        model = memoryview(read_bounded(path, MAX_BYTES))
        weights: dict[str, NDArray[np.generic]] = {}
        metadata: dict[str, str] = {}
        for number, value in fields(model):
            if number == 7:
                weights |= _initializers(chunk(value))
            elif number == 14:
                entry = dict(fields(chunk(value)))
                metadata[_plain(entry.get(1))] = _plain(entry.get(2))
        if not weights:
            raise FormatError(f"there are no weights under {SCOPE}/, as our own exports have them,")
    return Exported(weights, metadata)


def _initializers(graph: memoryview) -> dict[str, NDArray[np.generic]]:
    found: dict[str, NDArray[np.generic]] = {}
    for number, value in fields(graph):
        if number == 5:
            name, array = _tensor(chunk(value))
            if array is not None:
                found[name] = array
    return found


def _tensor(message: memoryview) -> tuple[str, NDArray[np.generic] | None]:
    shape: list[int] = []
    name, dtype, raw = "", 0, EMPTY
    for number, value in fields(message):
        if number == 1:
            shape += [value] if isinstance(value, int) else _packed(value)
        elif number == 2:
            dtype = unsigned(value)
        elif number == 8:
            name = text(value)
        elif number == 9:
            raw = chunk(value)
    if not name.startswith(f"{SCOPE}/"):
        return name, None
    stored = DTYPES.get(dtype)
    if (
        stored is None
        or len(shape) > MAX_RANK
        or 0 in shape
        or math.prod(shape) * stored.itemsize != len(raw)
    ):
        raise FormatError(f"{name} is not stored as our exports store it")
    return name, np.frombuffer(raw, stored).reshape(shape)


def _packed(sizes: memoryview) -> list[int]:
    if len(sizes) > MAX_RANK * MAX_VARINT_BYTES:
        raise FormatError(f"a shape of more than {MAX_RANK} dimensions")
    return [int(size) for part in packed_varints(sizes) for size in part]


def _plain(value: int | memoryview | None) -> str:
    try:
        return str(chunk(value), "utf-8") if value is not None else ""
    except UnicodeDecodeError as error:
        raise FormatError("metadata is not valid UTF-8") from error
