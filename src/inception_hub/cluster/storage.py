"""Where photos lie and rows go: this machine's folders, and what Arrow's file systems reach by a URL."""

import functools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from urllib.parse import urlsplit

from pyarrow.fs import FileSelector, FileSystem, FileType

from ..errors import HandleError
from ..images.find import EXTENSIONS, find_images
from ..inference.pipeline import Photo

SCHEMES = "a path, s3://, gs://, abfs://, hdfs:// or file://"


@dataclass(frozen=True)
class Place:
    """A photo's `name` in its row, and its `path` in the storage that `url` leads to, None for the local."""

    name: str
    path: str
    url: str | None = None

    def photo(self) -> Photo:
        """To be read once it is decoded."""
        return Photo(self.name, self.path if self.url is None else _Remote(self.name, self.path, self.url))


@dataclass(frozen=True)
class _Remote:
    name: str
    path: str
    url: str

    def read(self, size: int) -> bytes:
        with system(self.url)[0].open_input_file(self.path) as file:
            return file.read(min(size, file.size()))  # Arrow allocates what it is asked for


def is_url(given: str) -> bool:
    """Whether `given` is a URL, not a path."""
    return "://" in given


@functools.cache
def system(url: str) -> tuple[FileSystem, str]:
    """The file system that `url` leads to, and the path in it; raises `HandleError`."""
    try:
        return FileSystem.from_uri(url)
    except (OSError, ValueError) as error:
        reason = str(error).split("\n")[0].rstrip(".")
        raise HandleError(f"{shown(url)} leads to no storage ({reason}); give {SCHEMES}.") from error


def shown(url: str) -> str:
    """`url` without what may be a key or a password; a path as it is."""
    if not is_url(url):
        return url
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def find(inputs: Iterable[str]) -> Iterator[Place]:
    """Photos in the order of `inputs`, folders in depth, as `files.find_images` has it; URLs too.

    Raises `HandleError`, before the first, for a folder without photos, storage that cannot be reached, `-`.
    """
    return chain.from_iterable([_at_url(each) if is_url(each) else _local(each) for each in inputs])


def _local(given: str) -> Iterator[Place]:
    if given == "-":
        raise HandleError("- is standard input, of which other machines know nothing; give a path.")
    return (Place(path, path) for path in find_images([given]))


def _at_url(url: str) -> Iterable[Place]:
    storage, path = system(url)
    scheme = urlsplit(url).scheme
    try:
        if storage.get_file_info(path).type != FileType.Directory:
            return [Place(shown(url), path, url)]
        files = storage.get_file_info(FileSelector(path, recursive=True))
    except OSError as error:
        reason = str(error).split("\n")[0].rstrip(".")
        raise HandleError(f"{shown(url)} cannot be listed ({reason}); check name and rights.") from error
    paths = sorted(
        file.path
        for file in files
        if file.type == FileType.File
        and file.path.lower().endswith(EXTENSIONS)
        and "/." not in file.path[len(path) :]  # hidden
    )
    if not paths:
        raise HandleError(
            f"{shown(url)}: this folder holds no photo ({', '.join(EXTENSIONS)}); give another."
        )
    return (Place(f"{scheme}://{found}", found, url) for found in paths)
