"""Our `torch.export` programs: the state dict as raw bytes, described by JSON, in a zip archive.

https://docs.pytorch.org/docs/stable/export/pt2_archive.html. What is pickled is left alone.
"""

import json
import math
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..architecture import SCOPE
from ..errors import FormatError
from .exported import Exported
from .tensorflow.files import naming, reading

WEIGHTS, CONFIG, EXTRA = "data/weights/", "data/weights/model_weights_config.json", "extra/"
FLOAT32 = 7  # torch._export.serde.schema.ScalarType
MALFORMED = (AttributeError, KeyError, TypeError, ValueError, RecursionError)  # JSON of another form
MAX_MEMBERS, MAX_BYTES, MAX_TEXT_BYTES = 10_000, 2 << 30, 16 << 20


def is_torch_program(path: Path) -> bool:
    """Whether the name says so, and it is a zip archive."""
    return path.suffix == ".pt2" and zipfile.is_zipfile(path)


def read_torch_program(path: Path) -> Exported:
    """Every weight under Slim's scope, and what the extra files say.

    Raises `FormatError` for an archive that is damaged, compressed, or whose weights are pickled.
    """
    with reading(path), naming(path):
        try:
            with zipfile.ZipFile(path) as archive:
                return _read(archive)
        except (zipfile.BadZipFile, zlib.error, *MALFORMED) as error:
            if isinstance(error, FormatError):
                raise
            raise FormatError(f"no torch.export program as ours are ({error})") from error


def _read(archive: zipfile.ZipFile) -> Exported:
    members = archive.infolist()
    if len(members) > MAX_MEMBERS or sum(member.file_size for member in members) > MAX_BYTES:
        raise FormatError("an archive of too many or too large files")
    if any(member.compress_type != zipfile.ZIP_STORED for member in members):
        raise FormatError("a compressed archive, which PyTorch does not write,")
    content = {member.filename.partition("/")[2]: member for member in members}  # below one folder

    def text(name: str) -> str:
        if content[name].file_size > MAX_TEXT_BYTES:
            raise FormatError(f"{name} is too large")
        return archive.read(content[name]).decode()

    weights = {
        name[name.index(f"{SCOPE}/") :]: _tensor(
            name, about["tensor_meta"], archive.read(content.pop(WEIGHTS + about["path_name"]))
        )
        for name, about in json.loads(text(CONFIG))["config"].items()
        if f"{SCOPE}/" in name and not about["use_pickle"]
    }
    if not weights:
        raise FormatError(f"there are no weights under {SCOPE}/ that are not pickled,")
    return Exported(weights, {n.removeprefix(EXTRA): text(n) for n in content if n.startswith(EXTRA)})


def _tensor(name: str, meta: Any, raw: bytes) -> NDArray[np.generic]:
    shape = [int(size["as_int"]) for size in meta["sizes"]]
    strides = [int(step["as_int"]) for step in meta["strides"]]
    ordered = all(
        size == 1 or step == math.prod(shape[axis + 1 :])
        for axis, (size, step) in enumerate(zip(shape, strides, strict=True))
    )
    if meta["dtype"] != FLOAT32 or not ordered or min(shape, default=1) < 1:
        raise FormatError(f"{name[:80]!r} is not stored as our exports store it")
    return np.frombuffer(raw, "<f4").reshape(shape)  # of a part of `raw` only: refused here
