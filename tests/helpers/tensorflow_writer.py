"""TensorFlow's checkpoints of both kinds and a TF1 Hub module, written byte by byte without TensorFlow.

They stand in for the recorded files beside the checkout where those are missing: the same formats, of a
network small enough to be made anew in each test.
"""

import tarfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from helpers.tensorflow_samples import block, message, table, varint
from inception_hub.formats.tensorflow.crc32c import masked_crc32c

Arrays = Mapping[str, NDArray[np.generic]]
DTYPES = {"float32": 1, "int32": 3, "int64": 9}
FIXED32 = 5  # wire type


def shape_of(array: NDArray[np.generic]) -> bytes:
    """TensorShapeProto."""
    return message(*((2, message((1, size))) for size in array.shape))


def write_v1(path: Path, arrays: Arrays) -> Path:
    """A V1 checkpoint, as TF-Slim's published ones are: one file with names, shapes and values."""
    extents = {name: message(*((1, b"") for _ in array.shape)) for name, array in arrays.items()}
    meta = message(
        *(
            (
                1,
                message(
                    (1, name.encode()),
                    (2, shape_of(array)),
                    (3, DTYPES[array.dtype.name]),
                    (4, extents[name]),
                ),
            )
            for name, array in arrays.items()
        )
    )
    pieces = [
        (
            b"\0" + name.encode(),
            message((2, message((1, name.encode()), (2, extents[name]), (3, _values(array))))),
        )
        for name, array in sorted(arrays.items())
    ]
    path.write_bytes(table(block((b"", message((1, meta)))), block(*pieces)))
    return path


def _values(array: NDArray[np.generic]) -> bytes:
    """TensorProto."""
    if array.dtype == np.float32:
        return message((1, 1), (5, array.astype("<f4").tobytes()))
    field = 10 if array.dtype == np.int64 else 7
    return message((1, DTYPES[array.dtype.name]), (field, b"".join(map(varint, array.ravel().tolist()))))


def write_v2(prefix: Path, arrays: Arrays) -> Path:
    """A V2 checkpoint: `PREFIX.index` and its one file of data. Returns `prefix`."""
    entries, data = [(b"", message((1, 1)))], b""
    for name, array in sorted(arrays.items()):
        content = array.tobytes()
        checksum = varint(6 << 3 | FIXED32) + masked_crc32c(content).to_bytes(4, "little")
        fields = message(
            (1, DTYPES[array.dtype.name]), (2, shape_of(array)), (4, len(data)), (5, len(content))
        )
        entries.append((name.encode(), fields + checksum))
        data += content
    prefix.with_name(f"{prefix.name}.index").write_bytes(table(block(*entries)))
    prefix.with_name(f"{prefix.name}.data-00000-of-00001").write_bytes(data)
    return prefix


def write_hub_module(directory: Path, arrays: Arrays, size: tuple[int, int]) -> Path:
    """A TF1 Hub module directory of two variants, of images of `size` (height, width)."""
    info = message((1, message((1, size[0]), (2, size[1]))))
    attachments = message((1, message((1, b"image_module_info"), (2, info))))
    collection = message((1, b"hub_module_attachments"), (2, message((2, attachments))))
    variants = [
        message((1, message(*((4, tag) for tag in tags))), (4, collection)) for tags in ((), (b"train",))
    ]
    (directory / "variables").mkdir(parents=True)
    (directory / "tfhub_module.pb").write_bytes(message((1, 3)))
    (directory / "saved_model.pb").write_bytes(message((1, 1), *((2, variant) for variant in variants)))
    write_v2(directory / "variables" / "variables", arrays)
    return directory


def pack(directory: Path, archive: Path, folder: str = ".") -> Path:
    """`directory` as a `.tar.gz` whose members lie in `folder`."""
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(directory, folder)
    return archive
