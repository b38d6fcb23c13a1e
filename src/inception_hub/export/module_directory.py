"""`module`: a module directory of ours."""

from importlib.metadata import version
from pathlib import Path

from .. import bundle as bundles
from ..bundle import Bundle
from ..engines.openvino import Network
from .options import Options
from .outcome import Check, compare


def write(bundle: Bundle, path: Path, options: Options) -> None:
    """Writes the directory."""
    bundles.write(bundle, path)


def check(bundle: Bundle, path: Path, options: Options) -> Check:
    """Reads it back, every file verified."""
    found = bundles.read(path)
    network = Network(found.architecture, found.weights)
    names = found.architecture.endpoint_names
    return compare(
        bundle, lambda images: network(images, names), f"inception-hub {version('inception-hub')}", options
    )
