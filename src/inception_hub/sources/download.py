"""URLs -> one file, whole and verified, or one sentence. Knows HTTP, never what the file is for."""

import hashlib
import http.client
import io
import os
import socket
import string
import tempfile
import time
import urllib.request
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, cast
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

from ..errors import DownloadError, OutputError

OFFLINE = "INCEPTION_HUB_OFFLINE"
MAX_BYTES = 2 << 30
MAX_REDIRECTS = 10
MAX_RESUMES = 10  # of one source, each after at least a byte more
CHUNK = 1 << 20

Progress = Callable[[int, int | None], None]
"""Called with the bytes received so far and, where known, those to come in all."""


def is_offline() -> bool:
    """Whether `INCEPTION_HUB_OFFLINE` forbids the network: any value but an empty one and "0"."""
    return os.environ.get(OFFLINE, "") not in ("", "0")


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
    """Writes to `destination` what the first of `urls` that works sends; the others are tried in order.

    A source works if it sends exactly `size` bytes (None: as many as it announces, at most `max_bytes`) of
    this `sha384` (hexadecimal), never pausing for `stall_timeout` seconds and done within `total_timeout`
    seconds. Only http and https, redirects included. `destination` appears complete or not at all: the
    bytes go to a temporary file beside it first. Where a connection ends early, the rest is asked for if the
    source names the file's version (a strong ETag) and sends the rest of that very one.

    Raises `DownloadError` naming every source and why it failed, or at once if the network is forbidden
    (see `is_offline`); `OutputError` if the file cannot be written.
    """
    names = [shown(url) for url in urls]
    if is_offline():
        raise DownloadError(
            f"{OFFLINE} forbids the network, so {' and '.join(names)} was not asked; "
            "unset it, or give the path of a local file instead."
        )
    failures: list[str] = []
    for url, name in zip(urls, names, strict=True):
        clock = _Clock(stall_timeout, total_timeout)
        receive = partial(_receive, url, clock, size, max_bytes, sha384, progress)
        try:
            _write_atomically(destination, receive)
            return
        except OutputError:
            raise
        except (OSError, http.client.HTTPException, ValueError) as error:
            failures.append(f"{name} ({_reason(error, clock)})")
    raise DownloadError(
        f"Nothing could be downloaded from {' or '.join(failures)}; "
        "fetch the file some other way and give its path instead."
    )


def _write_atomically(destination: Path, receive: Callable[[Callable[[bytes], object]], None]) -> None:
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{destination.name}.", dir=destination.parent)
    except OSError as error:
        raise _unwritable(destination, error) from error
    temporary = Path(name)
    try:
        with open(descriptor, "wb") as file:
            receive(partial(_write, file, destination))
            try:
                file.flush()
                os.fsync(file.fileno())
            except OSError as error:
                raise _unwritable(destination, error) from error
        try:
            os.replace(temporary, destination)
        except OSError as error:
            raise _unwritable(destination, error) from error
    finally:
        with suppress(FileNotFoundError):
            temporary.unlink()


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
class _Clock:
    """How long the next wait on the network may take."""

    stall: float
    total: float

    def __post_init__(self) -> None:
        self._end = time.monotonic() + self.total

    def patience(self) -> float:
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return min(self.stall, left)

    def is_over(self) -> bool:
        return time.monotonic() >= self._end


def _receive(
    url: str,
    clock: _Clock,
    size: int | None,
    max_bytes: int,
    sha384: str | None,
    progress: Progress | None,
    write: Callable[[bytes], object],
) -> None:
    received, expected, digest = 0, size, hashlib.sha384()
    etag: str | None = None
    for attempt in range(MAX_RESUMES + 1):
        before = received
        with _open(url, clock, received, etag) as response:
            if attempt:
                _check_continues(response, received, expected)
            else:
                announced = response.length  # None for chunked answers and those without a Content-Length
                expected = announced if size is None else size
                if announced is not None and announced != expected:
                    raise ValueError(f"it announces {announced} bytes instead of {expected}")
                etag = response.headers.get("ETag")
            limit = max_bytes if expected is None else expected
            if limit > max_bytes:
                raise ValueError(f"it announces {limit} bytes; at most {max_bytes} are accepted")
            broken: Exception | None = None
            while True:
                try:
                    data = response.read1(CHUNK)
                except (OSError, http.client.HTTPException) as error:
                    broken, data = error, b""
                if not data:
                    break
                received += len(data)
                if received > limit:
                    raise ValueError(f"it sends more than {limit} bytes")
                digest.update(data)
                write(data)
                if progress:
                    progress(received, expected)
        if (
            received == expected
            or not (etag and etag.startswith('"'))
            or received == before
            or clock.is_over()
        ):
            if broken:
                raise broken
            break
    if expected is not None and received != expected:
        raise ValueError(f"it ended after {received} of {expected} bytes")
    if sha384 is not None and digest.hexdigest() != sha384.lower():
        raise ValueError(f"its SHA-384 is {digest.hexdigest()} instead of {sha384}")


def _check_continues(response: http.client.HTTPResponse, received: int, expected: int | None) -> None:
    """Refuses an answer that is not the rest of the same file."""
    if expected is None:
        raise ValueError(f"it ended after {received} bytes")
    whole = f"bytes {received}-{expected - 1}/{expected}"
    if response.status != 206 or response.headers.get("Content-Range") != whole:
        raise ValueError(f"it ended after {received} of {expected} bytes and does not send the rest")


def _open(url: str, clock: _Clock, start: int = 0, etag: str | None = None) -> http.client.HTTPResponse:
    """The answer from byte `start` on, if the file is still the one of that `etag`."""
    headers = {"User-Agent": "inception-hub"}
    if start and etag:
        headers |= {"Range": f"bytes={start}-", "If-Range": etag}
    # Only these: `build_opener` would add handlers for file:, ftp: and data:, and one that reads the
    # whole body of a redirect into memory.
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.HTTPDefaultErrorHandler(),
        _TimedHandler(clock),
    ):
        opener.add_handler(handler)
    for _ in range(MAX_REDIRECTS + 1):
        if urlsplit(url).scheme.lower() not in ("http", "https"):
            raise ValueError(f"{shown(url)} is neither http nor https")
        request = urllib.request.Request(url, headers=headers)
        try:
            return opener.open(request, timeout=clock.patience())
        except HTTPError as error:
            error.close()
            location = error.headers.get("Location")
            if error.code not in (301, 302, 303, 307, 308) or not location:
                raise
        # As urllib does: servers send unquoted spaces and Latin-1 here.
        url = urljoin(url, quote(location, safe=string.punctuation, encoding="iso-8859-1", errors="replace"))
    raise ValueError(f"it redirects more than {MAX_REDIRECTS} times")


class _TimedHandler(urllib.request.HTTPSHandler, urllib.request.HTTPHandler):
    """http and https whose every wait, headers included, is bounded by one clock.

    A socket's own timeout starts anew with each byte, so that a byte now and then would hold it forever.
    """

    def __init__(self, clock: _Clock) -> None:
        super().__init__()
        self._clock = clock

    def _connection(self, kind: type[http.client.HTTPConnection]) -> type[http.client.HTTPConnection]:
        clock = self._clock

        class Connection(kind):
            def connect(self) -> None:
                super().connect()
                self.sock = cast(socket.socket, _TimedSocket(self.sock, clock))

        return Connection

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(self._connection(http.client.HTTPConnection), req)

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(self._connection(http.client.HTTPSConnection), req)


class _TimedSocket:
    """The part of a socket that `http.client` uses."""

    def __init__(self, connected: socket.socket, clock: _Clock) -> None:
        self._socket, self._clock = connected, clock

    def sendall(self, data: bytes) -> None:
        self._socket.settimeout(self._clock.patience())
        self._socket.sendall(data)

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(_TimedReader(self._socket, self._clock))

    def close(self) -> None:
        self._socket.close()


class _TimedReader(io.RawIOBase):
    def __init__(self, connected: socket.socket, clock: _Clock) -> None:
        self._socket, self._clock = connected, clock
        self._raw = connected.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int | None:
        self._socket.settimeout(self._clock.patience())
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


def shown(url: str) -> str:
    """`url` without what may be secret: user, password, query."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "a malformed URL"
    return _line(urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", "")))


def _reason(error: Exception, clock: _Clock) -> str:
    cause = error.reason if isinstance(error, URLError) and not isinstance(error, HTTPError) else error
    match cause:
        case HTTPError():
            return _line(f"HTTP {cause.code} {cause.reason}")
        case TimeoutError():
            return (
                f"not done within {clock.total:g} s"
                if clock.is_over()
                else f"nothing came for {clock.stall:g} s"
            )
        case http.client.IncompleteRead():
            return "the connection ended early"
        case OSError(strerror=str(text)):
            return text
    return _line(str(cause)) or type(cause).__name__


def _line(text: str) -> str:
    """One short line without control characters: a server may put anything into its answer."""
    return "".join(c for c in " ".join(text.split()) if c.isprintable())[:300]
