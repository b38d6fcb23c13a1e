"""The hosts whose web pages may use the server: pages of any other site are refused.

A browser lets every site send requests to a server on the user's own machine. Its `Origin` tells such a
request apart; and where the site's name was made to lead to that machine (DNS rebinding), its `Host` does.
"""

import re
import socket
from collections.abc import Iterable
from ipaddress import ip_address

from starlette.types import Scope

from ..errors import ArgumentError, ForeignOriginError, UnknownHostError

LOOPBACK = ("localhost", "127.0.0.1", "::1")
ANY = "*"
READING = ("GET", "HEAD", "OPTIONS")  # a page of another site cannot see the response to these


class AllowedHosts:
    """The names that the server answers to; `listening`: its address, `given`: further names.

    Pages of `origins`, such as `https://photos.example.org`, or `*` for all, may send requests, too.
    A server that listens on all addresses answers to every IP address, too: no site can pretend to be one.
    """

    def __init__(
        self, listening: str = LOOPBACK[1], given: Iterable[str] = (), origins: Iterable[str] = ()
    ) -> None:
        self.origins = tuple(map(_checked_origin, origins))
        self._given = frozenset(map(_checked_name, given))
        self._names = self._given | {*LOOPBACK, _normalised(listening)}
        self._any_address = _is_address(listening) and ip_address(listening).is_unspecified
        if self._any_address:
            self._names |= {_normalised(socket.gethostname())}

    def check(self, scope: Scope) -> None:
        """Raises `UnknownHostError` for a foreign `Host`, `ForeignOriginError` for a post of a foreign page.

        Programs send no `Origin`, and those of HTTP/1.0 no `Host`.
        """
        headers = [(name, value.decode("latin-1")) for name, value in scope["headers"]]
        hosts = [value for name, value in headers if name == b"host"]
        for host in hosts:
            name = _normalised(_without_port(host))
            if name not in self._names and not (self._any_address and _is_address(name)):
                raise UnknownHostError(
                    f"The server does not answer to the host {host[:60]!r}; use its address, or start it "
                    "with --allowed-host and that name."
                )
        if scope["method"] in READING or ANY in self.origins:
            return
        origins = [value for name, value in headers if name == b"origin"]
        for origin in origins:
            authority = origin.partition("://")[2].lower()
            named = _normalised(_without_port(authority))
            allowed = named in self._given or origin.lower() in self.origins
            if authority not in map(str.lower, hosts) and not allowed:
                raise ForeignOriginError(
                    f"A page of {origin[:60]!r} may not send this; use the server's own page, or start the "
                    "server with --allowed-host and that name."
                )
        if not origins and (b"sec-fetch-site", "cross-site") in headers:
            raise ForeignOriginError("A page of another site may not send this; use the server's own page.")


def _checked_name(host: str) -> str:
    name = _normalised(host)
    if not (re.fullmatch(r"[a-z0-9_.-]+", name) or _is_address(name)):
        raise ArgumentError(
            f"The allowed host is {host[:60]!r}; give a name such as photos.example.org or an IP address, "
            "without a scheme, port or path."
        )
    return name


def _checked_origin(origin: str) -> str:
    if origin != ANY and not re.fullmatch(
        r"https?://[A-Za-z0-9.-]+(:[0-9]+)?|https?://\[[0-9A-Fa-f:.]+\](:[0-9]+)?", origin
    ):
        raise ArgumentError(f"The origin is {origin[:60]!r}; give such as https://photos.example.org, or *.")
    return origin.lower()


def _without_port(authority: str) -> str:
    head, _, port = authority.rpartition(":")
    return head if head and not port.strip("0123456789") else authority


def _normalised(name: str) -> str:
    """`name` in lower case, an IPv6 address without brackets."""
    bare = name[1:-1] if name.startswith("[") and name.endswith("]") else name
    return bare.lower().removesuffix(".")


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
