"""Keys of the cache's entries: 64 hexadecimal digits for a name, a file's content, or several files."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from ..errors import HandleError
from ..system.regular import open_regular


def text_key(text: str) -> str:
    """The key of an entry that has a name, such as a handle or a URL."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def content_key(file: Path) -> str:
    """The key of an entry made from one file: its SHA-256. Raises `HandleError` if it cannot be read."""
    return _sha256(file).hexdigest()


def files_key(files: Mapping[str, Path]) -> str:
    """The key of an entry made from several files by name: SHA-256 over names and SHA-256s, in their order.

    Raises `HandleError` if one cannot be read.
    """
    total = hashlib.sha256()
    for name in sorted(files):
        digest = _sha256(files[name]).digest()
        total.update(name.encode("utf-8", "surrogateescape") + b"\0" + digest)
    return total.hexdigest()


def _sha256(path: Path) -> "hashlib._Hash":
    try:
        with open_regular(path) as file:
            return hashlib.file_digest(file, "sha256")
    except OSError as error:
        raise HandleError(
            f"{path} cannot be read ({error.strerror}); give regular files that may be read."
        ) from error
