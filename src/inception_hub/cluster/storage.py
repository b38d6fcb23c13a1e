"""Where photos are read and rows are written: local folders, and Arrow's file systems by URL."""

import functools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from urllib.parse import urlsplit

from pyarrow.fs import FileSelector, FileSystem, FileType

from ..errors import HandleError
from ..images.find import EXTENSIONS, find_images
from ..inference.decoding import Photo
from .error_text import first_line

SCHEMES = "a path, s3://, gs://, abfs://, hdfs:// or file://"


@dataclass(frozen=True)
class PhotoLocation:
    """A photo's `name` in its row, and its `path` in the storage of `url`; None is this machine's."""

    name: str
    path: str
    url: str | None = None

    def photo(self) -> Photo:
        """The photo, whose bytes are read when it is decoded."""
        source = self.path if self.url is None else _RemoteFile(self.name, self.path, self.url)
        return Photo(self.name, source)


@dataclass(frozen=True)
class _RemoteFile:
    name: str
    path: str
    url: str

    def read(self, size: int) -> bytes:
        with file_system(self.url)[0].open_input_file(self.path) as file:
            return file.read(min(size, file.size()))  # Arrow allocates as much as is asked for


def is_url(given: str) -> bool:
    """Whether `given` is a URL, not a path."""
    return "://" in given


@functools.cache
def file_system(url: str) -> tuple[FileSystem, str]:
    """The file system of `url`, and the path in it; raises `HandleError`."""
    try:
        return FileSystem.from_uri(url)
    except (OSError, ValueError) as error:
        raise HandleError(
            f"{without_credentials(url)} leads to no storage ({first_line(error)}); give {SCHEMES}."
        ) from error


def without_credentials(url: str) -> str:
    """`url` without user, password and query, for rows and messages; a path as it is."""
    if not is_url(url):
        return url
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def find_photos(inputs: Iterable[str]) -> Iterator[PhotoLocation]:
    """The photos of `inputs`, paths as `find_images` takes them, and URLs; in this order, folders in depth.

    Raises `HandleError`, before the first photo, for `-`, a folder without photos, or storage that cannot be
    reached.
    """
    return chain.from_iterable([_at_url(each) if is_url(each) else _local(each) for each in inputs])


def _local(given: str) -> Iterator[PhotoLocation]:
    if given == "-":
        raise HandleError("- is standard input, which other machines cannot read; give a path.")
    return (PhotoLocation(path, path) for path in find_images([given]))


def _at_url(url: str) -> Iterable[PhotoLocation]:
    storage, path = file_system(url)
    scheme = urlsplit(url).scheme
    try:
        if storage.get_file_info(path).type != FileType.Directory:
            return [PhotoLocation(without_credentials(url), path, url)]
        files = storage.get_file_info(FileSelector(path, recursive=True))
    except OSError as error:
        raise HandleError(
            f"{without_credentials(url)} cannot be listed ({first_line(error)}); check name and rights."
        ) from error
    paths = sorted(
        file.path
        for file in files
        if file.type == FileType.File
        and file.path.lower().endswith(EXTENSIONS)
        and "/." not in file.path[len(path) :]  # hidden
    )
    if not paths:
        raise HandleError(
            f"{without_credentials(url)}: this folder holds no photo ({', '.join(EXTENSIONS)}); give another."
        )
    return (PhotoLocation(f"{scheme}://{path}", path, url) for path in paths)
