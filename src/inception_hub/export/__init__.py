"""Side doors out: one file per target format."""

import os

from ..errors import ArgumentError
from ..module import Module


def export(module: Module, format: str, path: "str | os.PathLike[str]") -> None:
    """Writes `module` to `path`, which must not exist yet. `format`: `module`, our module directory."""
    if format != "module":
        raise ArgumentError(f"format is {format!r}; this release writes 'module' (a module directory).")
    module.export(path)
