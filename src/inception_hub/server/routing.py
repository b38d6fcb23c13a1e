"""Paths and methods as the routes have them: below a prefix, with a slash behind, and `HEAD`."""

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
    if prefix and path.startswith(f"{prefix}/"):
        path = path.removeprefix(prefix)
    if len(path) > 1 and not path.endswith("//"):
        path = path.removesuffix("/")
    method = "GET" if scope["method"] == "HEAD" else scope["method"]
    return {**scope, "path": path, "method": method}
