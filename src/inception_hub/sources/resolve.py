"""Resolves a handle to a module directory: bundled, of the original, on this machine, or behind a URL.

Files of other formats are converted once, into the cache.
"""

import os
import re
from pathlib import Path

from .. import bundle
from ..bundle import Provenance
from ..errors import ArgumentError, HandleError
from ..system.home import at_home
from .build import build_module, errors_naming
from .cache import default_cache, find_or_make
from .keys import content_key, files_key, text_key
from .network import Progress
from .original import (
    CLASSIFICATION,
    FEATURE_VECTOR,
    SHORT_NAMES,
    TFHUB,
    find_original,
    full_name,
    is_original_archive,
    keep_original,
)

PULLED, BUNDLED = "imagenet", "tiny_imagenet"  # the module where none is given: the first once it is pulled

# Whatever takes long to import is imported where it is used: most modules are found without it.


def resolve(handle: str | os.PathLike[str], *, progress: Progress | None = None) -> Path:
    """The module directory that `handle` leads to; foreign formats are converted into the cache first.

    Tried in this order, path objects only as paths:
    - a bundled module's name, such as `tiny_imagenet`;
    - `google/imagenet/inception_v2/{classification,feature_vector}/3`, with or without
      `https://tfhub.dev/`, or `imagenet` for the first: from the cache, else from a TF-Hub cache on this
      machine (`TFHUB_CACHE_DIR`, else `<tempdir>/tfhub_modules`), else downloaded from where its weights are
      published;
    - a path: a module directory is returned as it is; a TF1 Hub directory, a TF2 SavedModel, a TensorFlow
      checkpoint (file, prefix or directory), an export of ours (.onnx, .pt2, a directory for timm) or a tar
      archive of any of these is converted, its entry keyed by its content;
    - an http or https URL of an archive or of a V1 checkpoint, kept under the URL;
    - `hf://owner/name` or `hf://owner/name@revision`: a repository on the Hugging Face Hub, kept under the
      handle;
    - `kagglehub://owner/model/framework/variation`, or with `/version`: a model in kagglehub's cache.

    `progress` is called with the bytes downloaded so far and, where known, those to come in all. If the
    cache cannot be written, the module is kept in a temporary directory until the process ends, with a
    `UserWarning`.

    Raises `HandleError` (an `OSError`) if `handle` leads nowhere, its subclass `DownloadError` if a
    download fails or is refused, `FormatError` or `WeightsError` for files that are no Inception V2.
    """
    if not isinstance(handle, str | os.PathLike):
        raise ArgumentError(f"The handle is of type {type(handle).__name__}; give a string or a path.")
    text = os.fspath(handle)
    if isinstance(handle, str):
        if path := _bundled().get(text):
            return path
        if name := full_name(text):
            return find_original(name, text, progress)
        if TFHUB.match(text):
            raise HandleError(
                f"{_shown(text)} cannot be fetched, for tfhub.dev is gone{_suggestion(text)}; of its modules "
                f"only {CLASSIFICATION} and {FEATURE_VECTOR} are known here: give one of these, or the path "
                "of a local copy."
            )
        if text.lower().startswith(("http://", "https://")):
            return _from_url(text, progress)
        if text.startswith("hf://"):
            from .huggingface import pull

            return find_or_make(text_key(text), lambda directory: pull(text, directory))
        if text.startswith("kagglehub://"):
            from .kagglehub import convert_cached

            return convert_cached(text)
    path = Path(os.path.abspath(at_home(text)))
    return _from_path(path, text)


def is_cached(handle: str) -> bool:
    """Whether a handle of the original, or a URL, has been pulled into the cache already."""
    return default_cache().get(text_key(full_name(handle) or handle)) is not None


def default_handle() -> str:
    """The handle where none is given: the original once it has been pulled, else the bundled module."""
    return PULLED if is_cached(PULLED) else BUNDLED


def _bundled() -> dict[str, Path]:
    directory = Path(__file__).parents[1] / "resources" / "modules"
    return {path.name: path for path in sorted(directory.glob("*")) if bundle.is_bundle(path)}


def _from_url(url: str, progress: Progress | None) -> Path:
    def write(directory: Path) -> None:
        from .connection import shown
        from .download import download

        file, name = directory.parent / "download", shown(url)
        download([url], file, progress=progress)
        with errors_naming(file, name):
            build_module(file, directory, name, Provenance(name, source_sha256=content_key(file)))

    return find_or_make(text_key(url), write)


def _from_path(path: Path, given: str) -> Path:
    from ..formats.table import find_reader, reader
    from ..formats.tensorflow.files import reading
    from .archive import is_archive
    from .mistaken import refuse_mistaken

    # os.path.exists says no where a name is too long; Path.exists raises.
    if not given or not (os.path.exists(path) or os.path.exists(f"{path}.index")):
        names = ", ".join((*_bundled(), *SHORT_NAMES, CLASSIFICATION, FEATURE_VECTOR))
        raise HandleError(
            f"{_shown(given)} does not exist{_suggestion(given)}; give {names}, the path of a module "
            "directory, archive, TF1 Hub directory, SavedModel or checkpoint, or the URL of an archive or "
            "checkpoint."
        )
    with reading(path):
        if path.is_dir() and bundle.is_bundle(path):
            return path
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise HandleError(f"{_shown(given)} is neither a file nor a directory; give a module's.")
    if path.is_file() and is_archive(path) and not find_reader(path):
        if is_original_archive(path):  # fetched by hand, say for a machine without a network
            return keep_original(path)
        name = re.sub(r"(\.tar)?\.\w+$", "", path.name)
        key = content_key(path)
        provenance = Provenance(path.name, source_sha256=key)
        return find_or_make(key, lambda directory: build_module(path, directory, name, provenance))
    with reading(path):
        refuse_mistaken(path, _shown(given))
        files = reader(path).files(path)
    key = content_key(path) if list(files.values()) == [path] else files_key(files)
    provenance = Provenance(path.name)
    return find_or_make(key, lambda directory: build_module(path, directory, path.name, provenance))


def _suggestion(handle: str) -> str:
    import difflib

    known = [*_bundled(), *SHORT_NAMES, CLASSIFICATION, FEATURE_VECTOR]
    close = difflib.get_close_matches(TFHUB.sub("", handle[:200]).lower(), known, n=1)
    return f" (did you mean {close[0]}?)" if close else ""


def _shown(handle: str) -> str:
    if "://" in handle:
        from .connection import shown

        handle = shown(handle)
    return repr(handle if len(handle) <= 200 else handle[:200] + "...")
