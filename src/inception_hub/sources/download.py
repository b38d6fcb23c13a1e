"""Downloads a file from the first of several URLs that delivers it whole and verified."""

import hashlib
import http.client
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import BinaryIO

from ..errors import DownloadError, OutputError
from ..system.atomic import atomic_file
from .connection import Deadline, failure_reason, open_url, shown
from .network import MAX_BYTES, OFFLINE, Progress, is_offline

MAX_RESUMES = 10  # of one source, each after at least a byte more
CHUNK = 1 << 20


def download(
    urls: Sequence[str],
    destination: Path,
    *,
    size: int | None = None,
    sha384: str | None = None,
    progress: Progress | None = None,
    max_bytes: int = MAX_BYTES,
    stall_timeout: float = 30.0,
    total_timeout: float = 3600.0,
) -> None:
    """Writes to `destination` the file at the first of `urls` that works; the others are tried in order.

    A source works if it sends exactly `size` bytes (None: as many as it announces, at most `max_bytes`) of
    this `sha384` (hexadecimal), never pausing for `stall_timeout` seconds and done within `total_timeout`
    seconds. Only http and https, redirects included. `destination` appears complete or not at all, and
    replaces a file of that name. Where a connection ends early, the rest is asked for if the source names the
    file's version (a strong ETag) and sends the rest of that very one.

    Raises `DownloadError` naming every source and why it failed, or at once if the network is forbidden
    (see `is_offline`); `OutputError` if the file cannot be written.
    """
    names = [shown(url) for url in urls]
    if is_offline():
        asked = "was" if len(names) == 1 else "were"
        raise DownloadError(
            f"{OFFLINE} forbids the network, so {' and '.join(names)} {asked} not asked; "
            "unset it, or give the path of a local file instead."
        )
    failures: list[str] = []
    for url, name in zip(urls, names, strict=True):
        transfer = _Transfer(url, Deadline(stall_timeout, total_timeout), size, max_bytes, sha384, progress)
        try:
            _download_one(transfer, destination)
            return
        except _SourceFailure as failure:
            failures.append(f"{name} ({failure})")
    raise DownloadError(
        f"Nothing could be downloaded from {' or '.join(failures)}; "
        "fetch the file some other way and give its path instead."
    )


class _SourceFailure(Exception):
    """Why a URL did not deliver the file; no `OSError`, so it is not taken for a failure to write."""


def _download_one(transfer: "_Transfer", destination: Path) -> None:
    try:
        with atomic_file(destination) as temporary, temporary.open("wb") as file:
            try:
                transfer.receive(partial(_write, file, destination))
            except OutputError:
                raise
            except (OSError, http.client.HTTPException, ValueError) as error:
                raise _SourceFailure(failure_reason(error, transfer.deadline)) from error
    except OSError as error:
        if isinstance(error, OutputError):
            raise
        raise _unwritable(destination, error) from error


def _write(file: BinaryIO, destination: Path, data: bytes) -> None:
    try:
        file.write(data)
    except OSError as error:
        raise _unwritable(destination, error) from error


def _unwritable(destination: Path, error: OSError) -> OutputError:
    return OutputError(
        f"The download cannot be written to {destination} ({error.strerror}); make room for it."
    )


@dataclass
class _Transfer:
    """One file coming from one URL, over one connection or, where that ends early, several."""

    url: str
    deadline: Deadline
    size: int | None
    max_bytes: int
    sha384: str | None
    progress: Progress | None
    received: int = 0
    etag: str | None = None
    digest: "hashlib._Hash" = field(default_factory=hashlib.sha384)

    def receive(self, write: Callable[[bytes], object]) -> None:
        """Calls `write` with each piece of the file; raises what `open_url` does, or `ValueError`."""
        for _ in range(MAX_RESUMES + 1):
            before = self.received
            with open_url(self.url, self.deadline, self.received, self.etag) as response:
                if self.received:
                    self._check_continues(response)
                else:
                    self._begin(response)
                broken = self._read(response, write)
            can_resume = self.etag and self.etag.startswith('"') and self.received > before
            if self.received == self.size or not can_resume or self.deadline.is_over():
                if broken:
                    raise broken
                break
        if self.size is not None and self.received != self.size:
            raise ValueError(f"it ended after {self.received} of {self.size} bytes")
        if self.sha384 is not None and self.digest.hexdigest() != self.sha384.lower():
            raise ValueError(f"its SHA-384 is {self.digest.hexdigest()} instead of {self.sha384}")

    def _begin(self, response: http.client.HTTPResponse) -> None:
        """Notes the announced size and version of the file."""
        announced = response.length  # None for a chunked response and one without a Content-Length
        if self.size is None:
            self.size = announced
        if announced is not None and announced != self.size:
            raise ValueError(f"it announces {announced} bytes instead of {self.size}")
        if self.size is not None and self.size > self.max_bytes:
            raise ValueError(f"it announces {self.size} bytes; at most {self.max_bytes} are accepted")
        self.etag = response.headers.get("ETag")

    def _check_continues(self, response: http.client.HTTPResponse) -> None:
        """Refuses a response that is not the rest of the same file."""
        if self.size is None:
            raise ValueError(f"it ended after {self.received} bytes")
        rest = f"bytes {self.received}-{self.size - 1}/{self.size}"
        if response.status != 206 or response.headers.get("Content-Range") != rest:
            raise ValueError(
                f"it ended after {self.received} of {self.size} bytes and does not send the rest"
            )

    def _read(self, response: http.client.HTTPResponse, write: Callable[[bytes], object]) -> Exception | None:
        """Reads until the connection ends; returns the error that ended it, if one did."""
        limit = self.max_bytes if self.size is None else self.size
        while True:
            try:
                data = response.read1(CHUNK)
            except (OSError, http.client.HTTPException) as error:
                return error
            if not data:
                return None
            self.received += len(data)
            if self.received > limit:
                raise ValueError(f"it sends more than {limit} bytes")
            self.digest.update(data)
            write(data)
            if self.progress:
                self.progress(self.received, self.size)
