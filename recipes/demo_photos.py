"""Gathers the photos of `make demo` from scikit-image, which ships them: none stands in the repository."""

import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

# The bundled module knows what is on the first three. It has no class for motorcycles: that photo shows how
# a classifier names what is not among its classes.
PHOTOS = {
    "cat.png": "chelsea.png",
    "coffee.png": "coffee.png",
    "rocket.jpg": "rocket.jpg",
    "bike.png": "motorcycle_left.png",
}


def source(name: str) -> Path:
    """Where scikit-image has the photo called `name` here."""
    spec = find_spec("skimage")
    if spec is None or spec.origin is None:
        sys.exit("scikit-image is not installed; `make demo` installs it.")
    return Path(spec.origin).parent / "data" / PHOTOS[name]


def gather(folder: Path) -> None:
    """Copies the photos into `folder`, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in PHOTOS:
        shutil.copy(source(name), folder / name)


if __name__ == "__main__":
    gather(Path(sys.argv[1]))
