"""Paths and methods as the routes have them: of a whole URL, below a prefix, with a slash behind, `HEAD`."""

import re

from starlette.types import Scope

from ..errors import ArgumentError


def checked_prefix(prefix: str) -> str:
    """`prefix` such as `/photos` without a slash at its end; raises `ArgumentError`."""
    bare = prefix.rstrip("/")
    if not re.fullmatch(r"(/[A-Za-z0-9._~-]+)*", bare):
        raise ArgumentError(f"The path prefix is {prefix[:60]!r}; give one such as /photos.")
    return bare


def routed(scope: Scope, prefix: str) -> Scope:
    """`scope` of a request as a route takes it.

    A proxy may pass `prefix` on or take it off. `HEAD` is `GET`, whose body the protocol leaves out.
    """
    path = scope["path"]
    if not path.startswith("/"):
        scope = _of_url(scope)
        path = scope["path"]
    if prefix and path.startswith(f"{prefix}/"):
        path = path.removeprefix(prefix)
    if len(path) > 1 and not path.endswith("//"):
        path = path.removesuffix("/")
    method = "GET" if scope["method"] == "HEAD" else scope["method"]
    return {**scope, "path": path, "method": method}


def _of_url(scope: Scope) -> Scope:
    """`scope` of a request whose target is a whole URL: its host counts, not `Host` (RFC 9112, 3.2.2)."""
    scheme, _, rest = scope["path"].partition("://")
    if scheme.lower() not in ("http", "https"):
        return scope
    host, _, path = rest.partition("/")
    headers = [(name, value) for name, value in scope["headers"] if name != b"host"]
    return {**scope, "path": f"/{path}", "headers": [*headers, (b"host", host.encode())]}
