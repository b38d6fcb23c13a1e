"""Tiny photos, splits of them without any file, and what must be so once they are decoded."""

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from inception_hub.data import Dataset, Pixels, Split, pixels
from inception_hub.errors import ImageError
from inception_hub.images.decode import decode
from inception_hub.labels import Labels

COUNT = 3 * pixels.BATCH + 5  # of `photos`: three whole batches and a part of one


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

    def within(self, row: int) -> str:
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


def many(count: int, start: int = 0) -> list[bytes]:
    """Contents that are no photos, for what does not decode them."""
    return [f"photo {i}".encode() for i in range(start, start + count)]


def dataset(contents: Sequence[bytes], classes: Sequence[int], names: Sequence[str] | None = None) -> Dataset:
    """A data set of a training split alone, with classes called `class 0` and so on."""
    count = max(classes) + 1
    labels = Labels(tuple(f"class {i}" for i in range(count)), (None,) * count)
    return Dataset("data", labels, {"train": split_of(contents, classes, names)})


def photos(count: int = COUNT, start: int = 0) -> Split:
    """Photos of three classes, those from another `start` on being others."""
    return split_of([png(i) for i in range(start, start + count)], [i % 3 for i in range(count)])


def assert_whole(decoded: Pixels, split: Split) -> None:
    """`decoded` holds every photo of `split`, which `photos` made, exactly and in order."""
    assert decoded.images.shape == (len(split), 8, 8, 3) and decoded.images.dtype == np.uint8
    for i in range(len(split)):
        np.testing.assert_array_equal(decoded.images[i], decode(split.encoded(i)))
    assert decoded.classes.tolist() == split.classes.tolist()


def reads(split: Split) -> int:
    """How often the bytes of photos in memory were asked for."""
    return split.photos.reads  # type: ignore[attr-defined]
