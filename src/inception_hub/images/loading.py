"""Files, bytes and PIL images -> what a module takes: decoded, resized, stacked."""

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from ..errors import ArgumentError, InputError
from .given import named_photos
from .photo_file import MAX_PIXELS
from .presets import Preset, check_size, checked_preset

if TYPE_CHECKING:
    from PIL import Image

    from .decode import Source
    from .given import One

# Counts changes of what a photo is decoded and resized to: vectors, pixels and rows that were kept are taken
# up again only where this is the same.
DECODING = 4

# Pillow is imported where it is used: `import inception_hub` shall not wait for it.


@runtime_checkable
class HasImageSize(Protocol):
    """A module, or its spec: its photos' size, (height, width) in pixels, and how they become that size."""

    @property
    def image_size(self) -> tuple[int, int]: ...
    @property
    def resize(self) -> Preset: ...


def decode_and_resize(
    source: "Source", size: tuple[int, int], resize: Preset = "default", *, max_pixels: int = MAX_PIXELS
) -> "tuple[Image.Image, NDArray[np.float32]]":
    """`source` as Pillow's RGB image, perhaps decoded reduced, and as float32 [*size, 3] in [0, 1].

    Raises `ImageError`.
    """
    from .resize import in_unit_range

    image, pixels = decode_compactly(source, size, resize, max_pixels=max_pixels)
    return image, in_unit_range(pixels)


def decode_compactly(
    source: "Source", size: tuple[int, int], resize: Preset, *, max_pixels: int
) -> "tuple[Image.Image, NDArray[np.uint8] | NDArray[np.float32]]":
    """As `decode_and_resize`, but uint8 where the preset gives whole levels: see `resize_compactly`."""
    from .decode import picture
    from .resize import is_exact, least_pixels, resize_compactly

    least, managed = least_pixels(size, resize), not is_exact(resize)
    image = picture(source, max_pixels=max_pixels, least=least, managed=managed)
    return image, resize_compactly(image, size, resize)


def decode_and_resize_again(
    image: "Image.Image", source: "Source", size: tuple[int, int], resize: Preset, *, max_pixels: int
) -> NDArray[np.float32]:
    """`source` at another `size`, float32 [*size, 3] in [0, 1]; `image`: what it was decoded to before.

    Decoded once more where `image` was perhaps reduced too far, unless `source` is an open file, which has
    been read.
    """
    from .decode import picture
    from .resize import least_pixels
    from .resize import resize as resized

    least = least_pixels(size, resize)
    if least is not None and min(image.size) < least and not hasattr(source, "read"):
        image = picture(source, max_pixels=max_pixels, least=least)
    return resized(image, size, resize)


def load_image(
    source: "Source", size: tuple[int, int], resize: Preset = "default", *, max_pixels: int = MAX_PIXELS
) -> NDArray[np.float32]:
    """`source` as float32 [*size, 3] in [0, 1]; raises `ImageError`."""
    return decode_and_resize(source, size, resize, max_pixels=max_pixels)[1]


def load_images(
    images: "One | Iterable[One]",
    module: HasImageSize | tuple[int, int],
    *,
    resize: Preset | None = None,
    max_pixels: int = MAX_PIXELS,
) -> NDArray[np.float32]:
    """Photos -> float32 [n, height, width, 3] in [0, 1], as `module` wants them.

    `images`: a path, folder or glob, a photo's bytes or open file, a PIL image, a uint8 array
    [height, width, 3]; or several of them. `module`: a `Module` or `ModuleSpec`, or a (height, width) in
    pixels. `resize`: one of `PRESETS`, such as `crop`; None is the module's own preset, `default` where there
    is only a size. `max_pixels`: of one photo, 100,000,000 by default and 178,956,970 at most.

    Raises `ImageError` naming the photo that cannot be read or is larger, `HandleError` for a folder or glob
    without photos, `InputError` for what is no photo, `ArgumentError` for no photo, an unknown preset or
    another `max_pixels`.
    """
    preset = checked_preset(resize)
    if isinstance(module, HasImageSize):
        size, preset = module.image_size, preset or module.resize
    else:
        if isinstance(module, str | os.PathLike):
            raise InputError(
                f"module is {module!r:.60}; give hub.load_module_spec of it, or (height, width)."
            )
        size, preset = check_size("module", module), preset or "default"
    loaded = [load_image(source, size, preset, max_pixels=max_pixels) for _, source in named_photos(images)]
    if not loaded:
        raise ArgumentError("images holds no photo; give at least one.")
    return np.stack(loaded)
