"""Writes JPEG files of ordinary photo sizes into FOLDER: `make_photos.py FOLDER COUNT WIDTHxHEIGHT...`

Crops of pictures that come with scikit-image and scikit-learn, mirrored or not, scaled to the sizes in turn,
with a camera's grain, without which enlarged pictures would be smoother and faster to decode than photos.
The same files every time.
"""

import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PIL import Image

PICTURES = {
    "skimage/data": "astronaut.png chelsea.png coffee.png motorcycle_left.png rocket.jpg",
    "sklearn/datasets/images": "china.jpg flower.jpg",
}
GRAIN, QUALITY = 4, 90  # standard deviation of 255; JPEG's


def pictures() -> list[Image.Image]:
    found = []
    for place, files in PICTURES.items():
        package, _, inside = place.partition("/")
        spec = find_spec(package)
        if spec is None or spec.origin is None:
            sys.exit(f"{package} is not installed; pip install scikit-image scikit-learn.")
        found += [
            Image.open(Path(spec.origin).parent / inside / name).convert("RGB") for name in files.split()
        ]
    return found


def photo(picture: Image.Image, size: tuple[int, int], random: np.random.Generator) -> Image.Image:
    scale = random.uniform(0.6, 1) * min(picture.width / size[0], picture.height / size[1])
    width, height = (side * scale for side in size)
    left, top = random.uniform(0, picture.width - width), random.uniform(0, picture.height - height)
    resized = picture.resize(size, Image.Resampling.BICUBIC, (left, top, left + width, top + height))
    if random.random() < 0.5:
        resized = resized.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    grain = random.standard_normal((size[1], size[0], 1), np.float32) * GRAIN
    return Image.fromarray(np.clip(np.asarray(resized) + grain, 0, 255).astype(np.uint8))


def main(folder: Path, count: int, sizes: list[tuple[int, int]]) -> None:
    folder.mkdir(parents=True)
    sources = pictures()
    for number in range(count):
        random = np.random.default_rng(number)
        picture = sources[random.integers(len(sources))]
        photo(picture, sizes[number % len(sizes)], random).save(folder / f"{number:04}.jpg", quality=QUALITY)


if __name__ == "__main__":
    given = [tuple(int(side) for side in size.split("x")) for size in sys.argv[3:]]
    main(Path(sys.argv[1]), int(sys.argv[2]), [(width, height) for width, height in given])
