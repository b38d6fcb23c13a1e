"""Photos of three classes that any network can learn: noise in the colour that names the class."""

from pathlib import Path

import numpy as np
from PIL import Image

COLOURS = {"blue": (40, 60, 200), "green": (60, 180, 60), "red": (200, 60, 40)}


def write_colour_photos(folder: Path, count: int = 10) -> Path:
    """`folder` with a folder of `count` noisy photos, 40 x 48, for each of `COLOURS`."""
    generator = np.random.default_rng(0)
    for name, colour in COLOURS.items():
        (folder / name).mkdir(parents=True)
        for number in range(count):
            noise = generator.integers(-40, 40, (48, 40, 3))
            Image.fromarray((np.array(colour) + noise).clip(0, 255).astype(np.uint8)).save(
                folder / name / f"{number}.png"
            )
    return folder
