"""Opens http and https URLs: redirects, proxies, and a bound on every wait."""

import http.client
import io
import socket
import string
import time
import urllib.request
from base64 import b64encode
from dataclasses import dataclass
from typing import Any, cast
from urllib.error import HTTPError, URLError
from urllib.parse import quote, unquote, urljoin, urlsplit, urlunsplit

MAX_REDIRECTS = 10


@dataclass
class Deadline:
    """How long the next wait on the network may take: `stall` seconds at most, `total` for all together."""

    stall: float
    total: float

    def __post_init__(self) -> None:
        self._end = time.monotonic() + self.total

    def patience(self) -> float:
        """Seconds that the next wait may take; raises `TimeoutError` if none are left."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return min(self.stall, left)

    def is_over(self) -> bool:
        return time.monotonic() >= self._end


def open_url(
    url: str, deadline: Deadline, start: int = 0, etag: str | None = None
) -> http.client.HTTPResponse:
    """The response from byte `start` of the file, if it still is the one of that `etag`.

    Only http and https are opened, redirects included but not one from https to http, by way of the proxies
    that the environment names. A user and password in `url` go to its own scheme, host and port alone, as
    HTTP's basic authentication; those in a redirect go nowhere.
    Raises `ValueError` for a malformed URL, another scheme or too many redirects, `OSError` or
    `http.client.HTTPException` for what goes wrong on the network; `failure_reason` puts either in words.
    """
    headers = {"User-Agent": "inception-hub"}
    url, origin, authorization = _without_password(url)
    if start and etag:
        headers |= {"Range": f"bytes={start}-", "If-Range": etag}
    # Only these: `build_opener` would add handlers for file:, ftp: and data:, and one that reads the
    # whole body of a redirect into memory.
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.HTTPDefaultErrorHandler(),
        _TimedHandler(deadline),
    ):
        opener.add_handler(handler)
    for _ in range(MAX_REDIRECTS + 1):
        if urlsplit(url).scheme.lower() not in ("http", "https"):
            raise ValueError(f"{shown(url)} is neither http nor https")
        allowed = {"Authorization": authorization} if authorization and _origin(url) == origin else {}
        request = urllib.request.Request(url, headers=headers | allowed)
        try:
            return opener.open(request, timeout=deadline.patience())
        except HTTPError as error:
            error.close()
            location = error.headers.get("Location")
            if error.code not in (301, 302, 303, 307, 308) or not location:
                raise
        secure = urlsplit(url).scheme == "https"
        # As urllib does: servers send unquoted spaces and Latin-1 here.
        location = quote(location, safe=string.punctuation, encoding="iso-8859-1", errors="replace")
        url = _without_password(url, location)[0]
        if secure and urlsplit(url).scheme == "http":
            raise ValueError(f"it redirects from https to {shown(url)}")
    raise ValueError(f"it redirects more than {MAX_REDIRECTS} times")


def _without_password(url: str, location: str = "") -> tuple[str, tuple[str, str], str | None]:
    """`url`, or `location` seen from there, without user and password; its origin; and its basic
    authentication. What is wrong with it goes into no message: it may be the password."""
    try:
        parts = urlsplit(urljoin(url, location) if location else url)
        _ = parts.port
    except ValueError:
        raise ValueError("its URL is malformed") from None
    user, _, host = parts.netloc.rpartition("@")
    bare = urlunsplit(parts._replace(netloc=host))
    if not user:
        return bare, _origin(bare), None
    name, _, password = (unquote(part) for part in user.partition(":"))
    return bare, _origin(bare), "Basic " + b64encode(f"{name}:{password}".encode()).decode()


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.lower()


class _TimedHandler(urllib.request.HTTPSHandler, urllib.request.HTTPHandler):
    """http and https with every wait, that for headers included, bounded by one deadline.

    A socket's own timeout starts anew with each byte, so that a byte now and then would hold it forever.
    """

    def __init__(self, deadline: Deadline) -> None:
        super().__init__()
        self._deadline = deadline

    def _connection(self, kind: type[http.client.HTTPConnection]) -> type[http.client.HTTPConnection]:
        deadline = self._deadline

        class Connection(kind):
            def connect(self) -> None:
                super().connect()
                self.sock = cast(socket.socket, _TimedSocket(self.sock, deadline))

        return Connection

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(self._connection(http.client.HTTPConnection), req)

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(self._connection(http.client.HTTPSConnection), req)


class _TimedSocket:
    """The part of a socket that `http.client` uses."""

    def __init__(self, connected: socket.socket, deadline: Deadline) -> None:
        self._socket, self._deadline = connected, deadline

    def sendall(self, data: bytes) -> None:
        self._socket.settimeout(self._deadline.patience())
        self._socket.sendall(data)

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(_TimedReader(self._socket, self._deadline))

    def close(self) -> None:
        self._socket.close()


class _TimedReader(io.RawIOBase):
    def __init__(self, connected: socket.socket, deadline: Deadline) -> None:
        self._socket, self._deadline = connected, deadline
        self._raw = connected.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int | None:
        self._socket.settimeout(self._deadline.patience())
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


def shown(url: str) -> str:
    """`url` without what may be secret: user, password, query, fragment.

    A path with an @ is left out too: a slash in a password ends a URL's host before it.
    """
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return "a malformed URL"
    path = "/..." if "@" in parts.path else parts.path
    return _line(urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], path, "", "")))


def failure_reason(error: Exception, deadline: Deadline) -> str:
    """A few words on why `error` arose while something was received within `deadline`."""
    cause = error.reason if isinstance(error, URLError) and not isinstance(error, HTTPError) else error
    match cause:
        case HTTPError():
            return _line(f"HTTP {cause.code} {cause.reason}")
        case TimeoutError():
            return (
                f"not done within {deadline.total:g} s"
                if deadline.is_over()
                else f"nothing came for {deadline.stall:g} s"
            )
        case http.client.InvalidURL():
            return "its URL is malformed"  # the message would quote it
        case http.client.IncompleteRead():
            return "the connection ended early"
        case OSError(strerror=str(text)):
            return text
    return _line(str(cause)) or type(cause).__name__


def _line(text: str) -> str:
    """One short line without control characters: a server may put anything into its response."""
    return "".join(c for c in " ".join(text.split()) if c.isprintable())[:300]
