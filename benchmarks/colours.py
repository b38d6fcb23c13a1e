"""How many photos keep their first class in other colours: `python benchmarks/colours.py DATA [COUNT]`.

DATA: photos as `finetune` reads them. The first COUNT (200 by default) are written in the colours of phones,
cameras and photo editors with the profile of these, and classified by the bundled module: with the profile
left out, and as they are. Figures of docs/classify.md.
"""

import io
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from helpers.profiles import EXPONENTS, linear, primaries, rgb_profile  # noqa: E402

import inception_hub as hub  # noqa: E402
from inception_hub.data import open_dataset  # noqa: E402
from inception_hub.images.decode import decode  # noqa: E402

SPACES = {"display-p3": "Display P3", "adobe-rgb": "Adobe RGB", "prophoto": "ProPhoto RGB"}


def main(data: str, count: int) -> None:
    split = next(iter(open_dataset(data, to_train=False).splits.values()))
    photos = [decode(split.encoded(i)) for i in range(min(count, len(split)))]
    plain = first_classes([png(photo) for photo in photos])
    print(f"| of {len(photos)} photos | profile ignored | converted |\n|---|---|---|")
    for space, name in SPACES.items():
        coloured = [in_colours(space, photo) for photo in photos]
        ignored = first_classes([png(photo) for photo in coloured])
        converted = first_classes([png(photo, rgb_profile(space)) for photo in coloured])
        kept = [(found == plain).mean() for found in (ignored, converted)]
        print(f"| {name} | {kept[0]:.1%} | {kept[1]:.1%} |", flush=True)


def in_colours(space: str, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Pixels of sRGB as those of `space` that show the same, uint8."""
    light = linear("srgb", pixels / 255) @ (np.linalg.inv(primaries(space)) @ primaries("srgb")).T
    light = np.clip(light, 0, 1)
    if space in EXPONENTS:
        values = light ** (1 / EXPONENTS[space])
    else:
        values = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.round(values * 255).astype(np.uint8)


def png(pixels: NDArray[np.uint8], profile: bytes | None = None) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", icc_profile=profile, compress_level=1)
    return file.getvalue()


def first_classes(photos: list[bytes]) -> NDArray[np.int64]:
    indices = []
    for row in hub.classify(photos, "tiny_imagenet", top=1):
        assert row.predictions is not None, row.error
        indices.append(row.predictions[0].index)
    return np.array(indices)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 200)
