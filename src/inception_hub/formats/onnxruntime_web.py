"""onnxruntime-web, the ONNX Runtime of browsers: the package of npm in one version, known by its hash.

It is Microsoft's, under the MIT licence, and not part of this package: who makes a page fetches it.
"""

import hashlib
import io
import tarfile
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from ..errors import FormatError, MissingExtraError
from ..system.regular import read_bounded

VERSION = "1.30.0"
PACKAGE = f"onnxruntime-web-{VERSION}.tgz"  # as npm names it
SHA256 = "d2228df7e4616bc3348bf504ee888f3bec43789a273f0a63f3e68d203ce3bf71"
FETCH = f"npm pack onnxruntime-web@{VERSION}"
MAX_BYTES = 64 << 20
SCRIPT, BINARY = "package/dist/ort.wasm.bundle.min.mjs", "package/dist/ort-wasm-simd-threaded.wasm"


@dataclass(frozen=True)
class Runtime:
    """`script`: an ES module, `binary`: the WebAssembly that it runs, by a CPU's vector instructions."""

    script: bytes
    binary: bytes


def load(path: Path | None) -> Runtime:
    """Both files of the package at `path`, or of the one in the current folder.

    Raises `MissingExtraError` where there is none, `FormatError` for another file than npm's; each names the
    command that fetches it.
    """
    package = path or Path(PACKAGE)
    if not package.is_file():
        raise MissingExtraError(
            f"The format html needs onnxruntime-web {VERSION}, and there is no {package}; fetch it by "
            f"{FETCH}, and export in that folder, or give the file by --runtime (runtime=)."
        )
    advice = f"give the file that {FETCH} fetches"
    content = read_bounded(package, MAX_BYTES, advice)
    if hashlib.sha256(content).hexdigest() != SHA256:
        raise FormatError(f"{package} is not onnxruntime-web {VERSION} by its SHA-256; {advice}.")
    read: dict[str, bytes] = {}  # as they come: going back would expand the archive anew
    with tarfile.open(fileobj=io.BytesIO(content), mode="r|gz") as archive:
        for member in archive:
            if member.name in (SCRIPT, BINARY) and (file := archive.extractfile(member)):
                read[member.name] = file.read()
            if len(read) == 2:
                break
    return Runtime(read[SCRIPT], read[BINARY])  # which are there, for the archive's hash is known


def licence() -> str:
    """The text that every copy of it must carry."""
    text = files("inception_hub").joinpath("resources", "templates", "page", "onnxruntime_web.txt")
    return text.read_text("utf-8")
