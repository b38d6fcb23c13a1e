"""`module`: a module directory of this package, which `bundle.read` reads back."""

from pathlib import Path

from .. import bundle as bundles
from ..bundle import Bundle
from .comparison import Check, compare, reference
from .options import Options


def write(bundle: Bundle, path: Path, options: Options) -> None:
    """Writes the directory."""
    bundles.write(bundle, path)


def check(bundle: Bundle, path: Path, options: Options) -> Check:
    """Reads it back, every file verified."""
    from importlib.metadata import version

    loader = f"inception-hub {version('inception-hub')}"
    return compare(bundle, reference(bundles.read(path)), loader, options)
