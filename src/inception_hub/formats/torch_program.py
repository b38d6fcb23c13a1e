"""`torch`: a `torch.export` program, a .pt2 archive, which runs without this package.

Its state dict holds the trained weights by TF-Slim's names, kernels OIHW, as raw bytes that JSON describes:
https://docs.pytorch.org/docs/stable/export/pt2_archive.html. What is pickled is never read.
"""

import io
import json
import math
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..architecture import SCOPE
from ..bundle import Bundle
from ..errors import FormatError
from ..system.regular import open_regular
from ..system.zip_files import open_zip
from .comparison import Check, Outputs
from .exported import Exported, from_metadata, metadata
from .layouts import from_oihw
from .named_outputs import compare_outputs
from .options import Options
from .tensorflow.files import naming, reading

WEIGHTS, CONFIG, EXTRA = "data/weights/", "data/weights/model_weights_config.json", "extra/"
FLOAT32 = 7  # torch._export.serde.schema.ScalarType
MALFORMED = (AttributeError, KeyError, TypeError, ValueError, RecursionError)  # JSON of another form
MAX_MEMBERS, MAX_BYTES, MAX_TEXT_BYTES = 10_000, 2 << 30, 16 << 20
EXAMPLE = (2, 65, 96)  # batch, height and width: nothing in the program depends on them


def matches(path: Path) -> bool:
    """Whether the name says so, and it is a zip archive."""
    return path.suffix == ".pt2" and zipfile.is_zipfile(path)


def files(path: Path) -> dict[str, Path]:
    """The file itself."""
    return {path.name: path}


def read(path: Path) -> Exported:
    """Every weight under TF-Slim's scope, and what the extra files say.

    Raises `FormatError` for an archive that is damaged, compressed, or whose weights are pickled.
    """
    with reading(path), naming(path):
        try:
            with open_regular(path) as file, open_zip(file) as archive:
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

    weights: dict[str, NDArray[np.generic]] = {}
    for name, about in json.loads(text(CONFIG))["config"].items():
        if f"{SCOPE}/" in name and not about["use_pickle"]:
            slim = name[name.index(f"{SCOPE}/") :]
            raw = archive.read(content.pop(WEIGHTS + about["path_name"]))
            weights[slim] = from_oihw(slim, _read_tensor(name, about["tensor_meta"], raw))
    if not weights:
        raise FormatError(f"there are no weights under {SCOPE}/ that are not pickled,")
    return from_metadata(weights, {n.removeprefix(EXTRA): text(n) for n in content if n.startswith(EXTRA)})


def _read_tensor(name: str, meta: Any, raw: bytes) -> NDArray[np.generic]:
    shape = [int(size["as_int"]) for size in meta["sizes"]]
    strides = [int(step["as_int"]) for step in meta["strides"]]
    ordered = all(
        size == 1 or step == math.prod(shape[axis + 1 :])
        for axis, (size, step) in enumerate(zip(shape, strides, strict=True))
    )
    if meta["dtype"] != FLOAT32 or not ordered or min(shape, default=1) < 1:
        raise FormatError(f"{name[:80]!r} is not stored as our exports store it")
    return np.frombuffer(raw, "<f4").reshape(shape)  # of a part of `raw` only: refused here


def write(bundle: Bundle, path: Path, options: Options) -> None:
    """The archive, with the metadata among its extra files."""
    import torch
    from torch.export import Dim
    from torch.fx.experimental import _config

    from .torch_layers import Layers
    from .torch_network import Program

    layers = Layers(bundle.architecture, bundle.weights)
    network = Program(bundle.architecture, layers, evidence=options.evidence)
    batch, height, width = EXAMPLE
    example = torch.zeros(options.batch or batch, *(options.size or (height, width)), 3)
    free = {} if options.batch else {0: Dim.DYNAMIC}
    if not options.size:
        free |= {1: Dim.DYNAMIC, 2: Dim.DYNAMIC}
    # Else PyTorch takes feature maps of one row for another network than maps of two, and small images are
    # refused.
    with _config.patch(backed_size_oblivious=True):  # pyright: ignore[reportAttributeAccessIssue]
        program = torch.export.export(network, (example,), dynamic_shapes=(free,))
    # By way of memory: PyTorch's own writer ends the process where the disk is full.
    content = io.BytesIO()
    torch.export.save(program, content, extra_files=metadata(bundle))
    path.write_bytes(content.getbuffer())


def check(bundle: Bundle, path: Path, options: Options) -> Check:
    """Loads the file and runs it."""
    import torch

    with path.open("rb") as file:  # given a path, PyTorch warns of any that does not end in .pt2
        program = torch.export.load(file).module()

    def compute(images: Any) -> Outputs:
        with torch.inference_mode():
            return {name: value.numpy() for name, value in program(torch.from_numpy(images)).items()}

    return compare_outputs(bundle, compute, f"torch {torch.__version__}", options)
