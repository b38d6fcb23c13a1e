"""A data set of generated photos with planted faults, each known by its path."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

from helpers.copied_photos import COPIES, scene

TINTS = {"blue": (0.3, 0.4, 1.0), "green": (0.4, 1.0, 0.3), "red": (1.0, 0.3, 0.4)}
TRAIN, VALIDATION = 24, 8  # photos of each class without faults
WRONG = {  # photos in a class's folder that are of another class
    "train/blue/wrong.jpg": "red",
    "train/red/wrong.jpg": "green",
    "validation/green/wrong.jpg": "blue",
}
DUPLICATES = {  # copies, what was done to them, and the photo of the same split and class that they are of
    "train/blue/copy.jpg": ("encoded again", "train/blue/0.jpg"),
    "train/green/copy.jpg": ("mirrored", "train/green/1.jpg"),
    "validation/red/copy.jpg": ("cropped", "validation/red/2.jpg"),
}
LEAKS = {"train/red/leak.jpg": ("all of it", "validation/red/0.jpg")}
CONFLICTS = {"train/green/conflict.jpg": ("cropped", "train/red/5.jpg")}
POOR = {
    "dark": "train/red/dark.jpg",
    "blurred": "train/green/blurred.jpg",
    "tiny": "train/blue/tiny.png",
    "odd shape": "validation/blue/odd.jpg",
    "grey": "train/green/grey.jpg",
}
UNREADABLE = "train/blue/broken.jpg"


def photo(seed: int, name: str, size: tuple[int, int] = (240, 180)) -> Image.Image:
    """A photo of the class `name`."""
    pixels = np.asarray(scene(seed, size)) * np.array(TINTS[name])
    grain = np.random.default_rng(seed).normal(0, 12, (size[1], size[0], 1))
    return Image.fromarray((pixels + grain).clip(0, 255).astype(np.uint8))


def faulty_photos(root: Path) -> Path:
    """The data set in the folder `root`: a folder of photos per class, in two splits."""
    photos: dict[str, Image.Image] = {}
    seed = 0
    for split, count in (("train", TRAIN), ("validation", VALIDATION)):
        for name in TINTS:
            for number in range(count):
                seed += 1
                photos[f"{split}/{name}/{number}.jpg"] = photo(seed, name)
    for path, true in WRONG.items():
        seed += 1
        photos[path] = photo(seed, true)
    for path, (how, original) in (DUPLICATES | LEAKS | CONFLICTS).items():
        photos[path] = COPIES[how](photos[original])
    photos[POOR["dark"]] = photo(1001, "red").point(lambda level: level // 5)
    photos[POOR["blurred"]] = photo(1002, "green").filter(ImageFilter.GaussianBlur(6))
    photos[POOR["tiny"]] = photo(1003, "blue", (60, 45))
    photos[POOR["odd shape"]] = photo(1004, "blue", (400, 140))
    photos[POOR["grey"]] = photo(1005, "green").convert("L")
    for path, image in photos.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        image.save(root / path, quality=92)
    (root / UNREADABLE).write_bytes(b"\xff\xd8\xff no photo")
    return root


def total() -> int:
    """The photos of the data set."""
    faulty = len(WRONG) + len(DUPLICATES) + len(LEAKS) + len(CONFLICTS) + len(POOR) + 1
    return 3 * (TRAIN + VALIDATION) + faulty
