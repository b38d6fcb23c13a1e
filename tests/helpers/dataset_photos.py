"""Tiny photos, and splits of them without any file: what the tests of `inception_hub.data` share."""

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from inception_hub.data import Split
from inception_hub.errors import ImageError


def png(seed: int, size: tuple[int, int] = (8, 8)) -> bytes:
    """Noise of `size` (width, height) as PNG, different for each seed."""
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


class InMemory:
    """Photos from a list; None cannot be read. `reads` counts how often bytes were asked for."""

    def __init__(self, contents: Sequence[bytes | None], names: Sequence[str] | None = None) -> None:
        self.contents = contents
        self.names = names or [f"{i}.png" for i in range(len(contents))]
        self.reads = 0

    def name(self, row: int) -> str:
        return self.names[row]

    def encoded(self, row: int) -> bytes:
        self.reads += 1
        content = self.contents[row]
        if content is None:
            raise ImageError(f"{self.names[row]} cannot be read (gone); give an image file.")
        return content

    def stamp(self, row: int) -> bytes | None:
        return self.names[row].encode() + b" " + (self.contents[row] or b"")


def split_of(
    contents: Sequence[bytes | None], classes: Sequence[int], names: Sequence[str] | None = None
) -> Split:
    photos = InMemory(contents, names)
    return Split(np.array(classes, np.int64), photos, np.arange(len(contents)))
