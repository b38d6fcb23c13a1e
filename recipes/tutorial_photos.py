"""Makes the photos of the tutorial: `tutorial_photos.py FOLDER`, from photos that scikit-image ships.

FOLDER/photos has a folder for each of three classes, with some 24 crops of one photo, some mirrored, some
darker. They stand in for photos of yours. So that there is something to look at, two are in the wrong
folder, one is there twice and one is black. FOLDER/new has two of the three photos, and one of
something else.
"""

import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance, ImageOps

CLASSES = {"cat": "chelsea.png", "coffee": "coffee.png", "rocket": "rocket.jpg"}
ELSE = "motorcycle_left.png"
PHOTOS, SIDE = 24, 160  # of a class; px


def make(folder: Path) -> None:
    """Writes the photos into `folder`, which is made; the same ones every time."""
    spec = find_spec("skimage")
    if spec is None or spec.origin is None:
        sys.exit("scikit-image is not installed; pip install scikit-image.")
    source = Path(spec.origin).parent / "data"
    random = np.random.default_rng(0)
    (folder / "new").mkdir(parents=True, exist_ok=True)
    for name, file in CLASSES.items():
        (folder / "photos" / name).mkdir(parents=True, exist_ok=True)
        with Image.open(source / file) as image:
            picture = image.convert("RGB")
        for number in range(PHOTOS):
            save(crop(picture, random), folder / "photos" / name / f"{name}{number:02}.jpg")
        if name != "rocket":
            save(square(picture), folder / "new" / f"{name}.jpg")
    with Image.open(source / ELSE) as image:
        save(square(image.convert("RGB")), folder / "new" / "motorcycle.jpg")
    spoil(folder / "photos")


def square(picture: Image.Image) -> Image.Image:
    """The middle of `picture`."""
    return ImageOps.fit(picture, (SIDE, SIDE))


def crop(picture: Image.Image, random: np.random.Generator) -> Image.Image:
    """A square part of `picture`, turned, perhaps mirrored, lighter or darker: hardly any two are alike."""
    side = int(min(picture.size) * random.uniform(0.35, 0.6))
    left, top = (int(random.integers(0, length - side + 1)) for length in picture.size)
    part = picture.crop((left, top, left + side, top + side)).resize((SIDE, SIDE))
    part = ImageOps.mirror(part) if random.random() < 0.5 else part
    part = part.rotate(90 * int(random.integers(4)))
    return ImageEnhance.Brightness(part).enhance(random.uniform(0.7, 1.2))


def spoil(photos: Path) -> None:
    """What is wrong with many collections: two photos misplaced, one twice, one black."""
    (photos / "cat" / "cat05.jpg").rename(photos / "coffee" / "coffee24.jpg")
    (photos / "rocket" / "rocket07.jpg").rename(photos / "cat" / "cat24.jpg")
    with Image.open(photos / "coffee" / "coffee03.jpg") as image:
        save(image, photos / "coffee" / "coffee25.jpg", quality=60)
    save(Image.new("RGB", (SIDE, SIDE)), photos / "rocket" / "rocket24.jpg")


def save(image: Image.Image, path: Path, quality: int = 90) -> None:
    image.save(path, quality=quality)


if __name__ == "__main__":
    make(Path(sys.argv[1]))
