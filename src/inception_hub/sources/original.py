"""The original's modules: their handles, the archive of their weights, and TF-Hub's own cache of them."""

import hashlib
import os
import re
import warnings
from dataclasses import dataclass, replace
from pathlib import Path

from .. import bundle
from ..bundle import Bundle, Provenance
from ..errors import InceptionHubError
from .build import build_module
from .cache import find_or_make
from .keys import content_key, text_key
from .network import Progress

CLASSIFICATION = "google/imagenet/inception_v2/classification/3"
FEATURE_VECTOR = "google/imagenet/inception_v2/feature_vector/3"
SHORT_NAMES = {"imagenet": CLASSIFICATION}
TFHUB = re.compile(r"https?://(www\.)?tfhub\.dev(/|$)", re.IGNORECASE)
LICENCE = "Apache-2.0"  # of TF-Slim, its checkpoints and the hub modules made from them


@dataclass(frozen=True)
class Original:
    """A published archive of the original's weights: mirrors, size in bytes, SHA-384 in hexadecimal."""

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


def full_name(handle: str) -> str | None:
    """The name of the original's module that `handle` is a spelling of; None for other handles."""
    name = re.sub(r"/?(\?tf-hub-format=compressed)?$", "", TFHUB.sub("", handle))
    name = SHORT_NAMES.get(name, name)
    return name if name in (CLASSIFICATION, FEATURE_VECTOR) else None


def find_original(name: str, handle: str, progress: Progress | None) -> Path:
    """The cached module directory of `name`, a full name that was spelled `handle`.

    A missing one is made from TF-Hub's cache on this machine, else from the published archive, which is
    downloaded; the feature vector module is the classification module without its head. Raises what
    `download` and `find_or_make` raise.
    """

    def write(directory: Path) -> None:
        if in_tf_hub_cache := _from_tf_hub_cache(name, handle):
            whole = in_tf_hub_cache
        elif name == FEATURE_VECTOR:
            whole = bundle.read(find_original(CLASSIFICATION, CLASSIFICATION, progress))
        else:
            from .download import download

            archive = directory.parent / "download"
            download(ORIGINAL.urls, archive, size=ORIGINAL.size, sha384=ORIGINAL.sha384, progress=progress)
            _build(archive, directory)
            return
        made = whole.without_head() if name == FEATURE_VECTOR else whole
        bundle.write(replace(made, name=name), directory)

    return find_or_make(text_key(name), write)


def is_original_archive(path: Path) -> bool:
    """Whether the file `path` is the published archive. Raises `HandleError` if it cannot be read."""
    from ..formats.tensorflow.files import reading
    from ..system.regular import open_regular

    with reading(path), open_regular(path) as file:
        return (
            os.fstat(file.fileno()).st_size == ORIGINAL.size
            and hashlib.file_digest(file, "sha384").hexdigest() == ORIGINAL.sha384
        )


def keep_original(archive: Path) -> Path:
    """The cached module directory of the published `archive`, kept so that the original's handles find it."""
    return find_or_make(text_key(CLASSIFICATION), lambda directory: _build(archive, directory))


def _build(archive: Path, directory: Path) -> None:
    provenance = Provenance(ORIGINAL.urls[0], LICENCE, content_key(archive))
    build_module(archive, directory, CLASSIFICATION, provenance)


def _from_tf_hub_cache(name: str, handle: str) -> Bundle | None:
    """The module in TensorFlow Hub's cache, where the SHA-1 of the handle as spelled names an entry."""
    import tempfile

    from ..formats import tf1_hub
    from ..system.regular import is_own
    from .convert import convert_files

    chosen = os.environ.get("TFHUB_CACHE_DIR")
    root = Path(chosen or os.path.join(tempfile.gettempdir(), "tfhub_modules"))
    spellings = [f"{scheme}://tfhub.dev/{name}{end}" for end in ("", "/") for scheme in ("https", "http")]
    for spelling in (handle, *spellings):
        entry = root / hashlib.sha1(spelling.encode(), usedforsecurity=False).hexdigest()
        if tf1_hub.matches(entry) and (chosen or is_own(entry)):
            try:
                return replace(
                    convert_files(entry), provenance=Provenance(f"https://tfhub.dev/{name}", LICENCE)
                )
            except InceptionHubError as error:
                # The operating system may have removed some of an entry's files, as it tidies up temporary
                # ones; then it is made from the download instead.
                warnings.warn(f"The entry of {name} in TF-Hub's cache is passed over: {error}", stacklevel=2)
    return None
