"""Gathers the photos of `make demo` from packages that ship some: nothing is copied into this repository."""

import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

PHOTOS = {
    "skimage/data": ("chelsea.png", "coffee.png", "rocket.jpg", "motorcycle_left.png"),
    "sklearn/datasets/images": ("china.jpg", "flower.jpg"),
}


def gather(folder: Path) -> None:
    """Copies the photos into `folder`, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    for place, names in PHOTOS.items():
        package, _, inside = place.partition("/")
        spec = find_spec(package)
        if spec is None or spec.origin is None:
            sys.exit(f"{package} is not installed; `make demo` installs it.")
        for name in names:
            source = Path(spec.origin).parent / inside / name
            if source.exists():
                shutil.copy(source, folder / name)


if __name__ == "__main__":
    gather(Path(sys.argv[1]))
