"""The hosts whose web pages may use the server: pages of any other site are refused.

A browser lets every site send requests to a server on the user's own machine. Its `Origin` tells such a
request apart; and where the site's name was made to lead to that machine (DNS rebinding), its `Host` does.
"""

import socket
from collections.abc import Iterable
from ipaddress import ip_address

from starlette.types import Scope

from ..errors import ForeignOriginError, UnknownHostError

LOOPBACK = ("localhost", "127.0.0.1", "::1")
READING = ("GET", "HEAD", "OPTIONS")  # a page of another site cannot see the response to these


class AllowedHosts:
    """The names that the server answers to; `listening`: its address, `given`: further names.

    A server that listens on all addresses answers to every IP address, too: no site can pretend to be one.
    """

    def __init__(self, listening: str = LOOPBACK[1], given: Iterable[str] = ()) -> None:
        self._given = frozenset(map(_normalised, given))
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
        if scope["method"] in READING:
            return
        origins = [value for name, value in headers if name == b"origin"]
        for origin in origins:
            authority = origin.partition("://")[2].lower()
            named = _normalised(_without_port(authority))
            if authority not in map(str.lower, hosts) and named not in self._given:
                raise ForeignOriginError(
                    f"A page of {origin[:60]!r} may not send this; use the server's own page, or start the "
                    "server with --allowed-host and that name."
                )
        if not origins and (b"sec-fetch-site", "cross-site") in headers:
            raise ForeignOriginError("A page of another site may not send this; use the server's own page.")


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
