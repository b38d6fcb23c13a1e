"""Handle -> module directory: bundled, of the original, on this machine, or behind a URL.

Foreign files are converted once, into the cache. Knows where modules come from, never what is in them.
"""

import hashlib
import os
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from .. import bundle
from ..bundle import Bundle, Provenance
from ..errors import ArgumentError, HandleError, InceptionHubError, OutputError
from .cache import NotWritable, content_key, default_cache, files_key, temporary_cache, text_key

# Whatever takes long to import is imported where it is used: most modules are found without it.

CLASSIFICATION = "google/imagenet/inception_v2/classification/3"
FEATURE_VECTOR = "google/imagenet/inception_v2/feature_vector/3"
SHORT_NAMES = {"imagenet": CLASSIFICATION}
TFHUB = re.compile(r"https?://(www\.)?tfhub\.dev(/|$)", re.IGNORECASE)

Progress = Callable[[int, int | None], None]


@dataclass(frozen=True)
class Original:
    """Where the original's weights are published, and what tells them from anything else."""

    urls: tuple[str, ...]
    size: int
    sha384: str


ORIGINAL = Original(
    (
        "http://download.tensorflow.org/models/inception_v2_2016_08_28.tar.gz",
        "https://storage.googleapis.com/download.tensorflow.org/models/inception_v2_2016_08_28.tar.gz",
    ),
    41_577_079,
    "c0b2efbae8fc5e237ae67637dca3f311d4b4f7da576b56067e83d95c398a2fccd50baff9cc0de64335f4d7b78e1adb07",
)
LICENCE = "Apache-2.0"  # of TF-Slim, its checkpoints and the hub modules made from them


def resolve(
    handle: str | os.PathLike[str], *, progress: Progress | None = None, original: Original = ORIGINAL
) -> Path:
    """The module directory that `handle` leads to; foreign formats are converted into the cache first.

    Tried in this order, path objects only as paths:
    - a bundled module's name, such as `tiny_imagenet`;
    - `google/imagenet/inception_v2/{classification,feature_vector}/3`, with or without
      `https://tfhub.dev/`, or `imagenet` for the first: from the cache, else from a TF-Hub cache on this
      machine (`TFHUB_CACHE_DIR`, else `<tempdir>/tfhub_modules`), else downloaded from `original`;
    - a path: a module directory is returned as it is; a TF1 Hub directory, a TF2 SavedModel, a TensorFlow
      checkpoint (file, prefix or directory), an export of ours (.onnx, .pt2, a directory for timm) or a tar
      archive of any of these is converted, its entry keyed by its content;
    - an http or https URL of an archive or of a V1 checkpoint, kept under the URL;
    - `hf://owner/name` or `hf://owner/name@revision`: a repository on the Hugging Face Hub, kept so too.

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
        if found := _bundled().get(text):
            return found
        if name := _name_in_original(text):
            return _from_original(name, text, original, progress)
        if TFHUB.match(text):
            raise HandleError(
                f"{_shown(text)} cannot be fetched, for tfhub.dev is gone{_suggestion(text)}; of its modules "
                f"only {CLASSIFICATION} and {FEATURE_VECTOR} are known here: give one of these, or the path "
                "of a local copy."
            )
        if text.lower().startswith(("http://", "https://")):
            return _from_url(text, progress)
        if text.startswith("hf://"):
            from .repository import fetch

            return _kept(text_key(text), lambda directory: fetch(text, directory))
    return _from_path(Path(os.path.abspath(os.path.expanduser(text))), text, original)


def is_cached(handle: str) -> bool:
    """Whether a handle of the original, or a URL, has been pulled into the cache already."""
    return default_cache().get(text_key(_name_in_original(handle) or handle)) is not None


def _bundled() -> dict[str, Path]:
    directory = Path(__file__).parents[1] / "resources" / "modules"
    return {path.name: path for path in sorted(directory.glob("*")) if bundle.is_bundle(path)}


def _name_in_original(handle: str) -> str | None:
    """The original's own name for `handle`, in whichever of its spellings; None if it is none of them."""
    name = re.sub(r"/?(\?tf-hub-format=compressed)?$", "", TFHUB.sub("", handle))
    name = SHORT_NAMES.get(name, name)
    return name if name in (CLASSIFICATION, FEATURE_VECTOR) else None


def _from_original(name: str, handle: str, original: Original, progress: Progress | None) -> Path:
    def write(directory: Path) -> None:
        if found := _from_tf_hub_cache(name, handle):
            made = found
        elif name == FEATURE_VECTOR:
            made = bundle.read(_from_original(CLASSIFICATION, CLASSIFICATION, original, progress))
        else:
            from .download import download

            archive = directory.parent / "download"
            download(original.urls, archive, size=original.size, sha384=original.sha384, progress=progress)
            _make_original(archive, directory, original)
            return
        bundle.write(replace(made.without_head() if name == FEATURE_VECTOR else made, name=name), directory)

    return _kept(text_key(name), write)


def _make_original(archive: Path, directory: Path, original: Original) -> None:
    _make(archive, directory, CLASSIFICATION, Provenance(original.urls[0], LICENCE, content_key(archive)))


def _from_tf_hub_cache(name: str, handle: str) -> Bundle | None:
    """What TensorFlow Hub itself once downloaded: entries named by the SHA-1 of the handle as spelled."""
    import tempfile

    from ..formats import tf1_hub
    from .convert import convert

    chosen = os.environ.get("TFHUB_CACHE_DIR")
    root = Path(chosen or os.path.join(tempfile.gettempdir(), "tfhub_modules"))
    spellings = [f"{scheme}://tfhub.dev/{name}{end}" for end in ("", "/") for scheme in ("https", "http")]
    for spelling in (handle, *spellings):
        entry = root / hashlib.sha1(spelling.encode(), usedforsecurity=False).hexdigest()
        if tf1_hub.matches(entry) and (chosen or _is_own(entry)):
            try:
                return replace(convert(entry), provenance=Provenance(f"https://tfhub.dev/{name}", LICENCE))
            except InceptionHubError as error:
                # Left behind when the operating system tidies up temporary files; ours to survive.
                warnings.warn(f"The entry of {name} in TF-Hub's cache is passed over: {error}", stacklevel=2)
    return None


def _is_own(path: Path) -> bool:
    """Whether nobody else can have put `path` where anybody may write, as in a temporary directory."""
    return not hasattr(os, "getuid") or path.stat().st_uid in (0, os.getuid())


def _from_url(url: str, progress: Progress | None) -> Path:
    def write(directory: Path) -> None:
        from .download import download, shown

        file, name = directory.parent / "download", shown(url)
        download([url], file, progress=progress)
        with _errors_naming(file, name):
            _make(file, directory, name, Provenance(name, source_sha256=content_key(file)))

    return _kept(text_key(url), write)


def _from_path(path: Path, given: str, original: Original) -> Path:
    from ..formats.table import find_reader, reader
    from ..formats.tensorflow.files import reading
    from .archive import is_archive

    # os.path.exists says no where a name is too long; Path.exists raises.
    if not given or not (os.path.exists(path) or os.path.exists(f"{path}.index")):
        names = ", ".join((*_bundled(), *SHORT_NAMES, CLASSIFICATION, FEATURE_VECTOR))
        raise HandleError(
            f"{_shown(given)} does not exist{_suggestion(given)}; give {names}, the path of a module "
            "directory, archive, TF1 Hub directory, SavedModel or checkpoint, or the URL of an archive or "
            "checkpoint."
        )
    if path.is_dir() and bundle.is_bundle(path):
        return path
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise HandleError(f"{_shown(given)} is neither a file nor a directory; give a module's.")
    if path.is_file() and is_archive(path) and not find_reader(path):
        if _is_original(path, original):
            # Fetched by hand, say for a machine without a network: from now on the handle finds it too.
            return _kept(text_key(CLASSIFICATION), lambda d: _make_original(path, d, original))
        name = re.sub(r"(\.tar)?\.\w+$", "", path.name)
        key = content_key(path)
        return _kept(key, lambda d: _make(path, d, name, Provenance(path.name, source_sha256=key)))
    with reading(path):
        files = reader(path).files(path)
    key = content_key(path) if list(files.values()) == [path] else files_key(files)
    return _kept(key, lambda directory: _make(path, directory, path.name, Provenance(path.name)))


def _is_original(path: Path, original: Original) -> bool:
    from ..formats.tensorflow.files import reading

    with reading(path), open(path, "rb") as file:
        return (
            os.fstat(file.fileno()).st_size == original.size
            and hashlib.file_digest(file, "sha384").hexdigest() == original.sha384
        )


def _make(source: Path, directory: Path, name: str, provenance: Provenance) -> None:
    """Writes the module directory for an archive or anything that `convert` takes."""
    from ..formats.table import find_reader
    from .archive import extract, is_archive
    from .convert import convert

    if source.is_file() and is_archive(source) and not find_reader(source):
        extracted = directory.parent / "extracted"
        extract(source, extracted)
        with _errors_naming(extracted, str(source)):
            inside = _only_entry(extracted)
            if bundle.is_bundle(inside):
                bundle.read(inside)  # it is taken as it is, so it must be in order
                os.rename(inside, directory)
                return
            converted = convert(inside)
    else:
        converted = convert(source)
    bundle.write(replace(converted, name=name, provenance=provenance), directory)


def _only_entry(path: Path) -> Path:
    """What an archive holds: many are packed with one folder around everything."""
    while path.is_dir() and len(entries := [p for p in path.iterdir() if not p.name.startswith(".")]) == 1:
        path = entries[0]
    return path


@contextmanager
def _errors_naming(temporary: Path, name: str) -> Iterator[None]:
    """Has errors speak of what the user gave, rather than of a temporary copy that is gone by then."""
    try:
        yield
    except OutputError:
        raise
    except InceptionHubError as error:
        raise type(error)(str(error).replace(str(temporary), name)) from error


def _kept(key: str, write: Callable[[Path], None]) -> Path:
    """The entry of the cache, made by `write` if missing; a temporary one if the cache cannot be written."""
    cache = default_cache()
    try:
        return cache.get(key) or cache.put(key, write)
    except NotWritable as error:
        reason = str(error)
    try:
        temporary = temporary_cache()
        if found := temporary.get(key):
            return found
        warnings.warn(
            f"The cache {cache.root} cannot be written ({reason}), so the module is kept only until this "
            "process ends; point INCEPTION_HUB_CACHE to a folder that can.",
            stacklevel=2,
        )
        return temporary.put(key, write)
    except NotWritable as error:
        raise OutputError(
            f"The module can be kept neither in {cache.root} ({reason}) nor in a temporary folder ({error}); "
            "make room, or point INCEPTION_HUB_CACHE to a folder that can be written."
        ) from error


def _suggestion(handle: str) -> str:
    import difflib

    known = [*_bundled(), *SHORT_NAMES, CLASSIFICATION, FEATURE_VECTOR]
    close = difflib.get_close_matches(TFHUB.sub("", handle[:200]).lower(), known, n=1)
    return f" (did you mean {close[0]}?)" if close else ""


def _shown(handle: str) -> str:
    return repr(handle if len(handle) <= 200 else handle[:200] + "...")
