"""Photos that nobody took, copies of them as people make them, and look-alikes."""

import io
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageOps

CopyMaker = Callable[[Image.Image], Image.Image]


def scene(seed: int, size: tuple[int, int] = (240, 180)) -> Image.Image:
    """Colours with coarse and fine detail, others for each seed."""
    generator = np.random.default_rng(seed)
    layers = []
    for side, strength in ((4, 110), (16, 60), (48, 45)):
        noise = generator.integers(0, 256, (side, side, 3), np.uint8)
        layers.append(
            np.asarray(Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC), float) / 255 * strength
        )
    return Image.fromarray(np.sum(layers, axis=0).clip(0, 255).astype(np.uint8))


def lookalike(photo: Image.Image, seed: int) -> Image.Image:
    """The colours and layout of `photo` with other fine detail, as another photo of such a thing has them."""
    layout = photo.resize((6, 6), Image.Resampling.BOX).resize(photo.size, Image.Resampling.BICUBIC)
    return Image.blend(layout, scene(seed, photo.size), 0.3)


def encoded_again(photo: Image.Image) -> Image.Image:
    file = io.BytesIO()
    photo.save(file, "JPEG", quality=50)
    return Image.open(file).convert("RGB")


def cropped(photo: Image.Image) -> Image.Image:
    """Four fifths of the width, from the left, and 0.86 of the height, nearly from the bottom."""
    width, height = photo.size
    return photo.crop((0, int(height * 0.12), int(width * 0.8), int(height * 0.98)))


COPIES: dict[str, CopyMaker] = {
    "encoded again": encoded_again,
    "smaller": lambda photo: photo.resize((photo.width // 2, photo.height // 3)),
    "cropped": cropped,
    "mirrored": ImageOps.mirror,
    "all of it": lambda photo: encoded_again(ImageOps.mirror(cropped(photo)).resize((110, 90))),
}
