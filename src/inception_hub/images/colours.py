"""Colours of embedded ICC profiles converted to sRGB, the networks' own, by Pillow's ImageCms.

A profile that is damaged, larger than `MAX_PROFILE`, of another colour space than the picture, or that holds
programs of its own (multi-process elements) is ignored, as browsers do: its colours are taken for sRGB.
"""

import io
import struct
from functools import cache, lru_cache

from PIL import Image, ImageCms

from .photo_file import MAX_PROFILE

SPACES = {b"RGB ": "RGB", b"GRAY": "L", b"CMYK": "CMYK"}  # colour spaces, as Pillow calls their modes
CLASSES = (b"scnr", b"mntr", b"prtr", b"spac")
HEADER, MAX_TAGS = 128, 100
PROGRAMS = (b"D2B", b"B2D")  # any number of elements, each of which would be computed for every colour
KEPT = 8  # transforms, of the profiles used last
UNSEEN = 2  # levels; a profile that changes no colour by more is sRGB under another name


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """`image` in RGB if its mode is the colour space of `profile`, else as it is."""
    if not profile or space(profile) != image.mode:
        return image
    transform = _transform(profile)
    if transform is None:
        return image
    if image.mode == "RGB":
        ImageCms.applyTransform(image, transform, inPlace=True)
        return image
    converted = ImageCms.applyTransform(image, transform)
    assert converted is not None
    return converted


def space(profile: bytes) -> str | None:
    """The mode of the pictures that `profile` is for; None for a profile that is not used."""
    if not HEADER + 4 <= len(profile) <= MAX_PROFILE or profile[36:40] != b"acsp":
        return None
    (count,) = struct.unpack_from(">I", profile, HEADER)
    if profile[12:16] not in CLASSES or count > MAX_TAGS or len(profile) < HEADER + 4 + 12 * count:
        return None
    names = [profile[HEADER + 4 + 12 * n :][:4] for n in range(count)]
    return None if any(name.startswith(PROGRAMS) for name in names) else SPACES.get(profile[16:20])


@lru_cache(KEPT)
def _transform(profile: bytes) -> ImageCms.ImageCmsTransform | None:
    """None for a profile that is damaged, or that is sRGB."""
    mode = space(profile)
    assert mode is not None
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        transform = ImageCms.buildTransform(source, _srgb(), mode, "RGB", ImageCms.Intent.PERCEPTUAL)
        return None if mode == "RGB" and _is_unseen(transform) else transform
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None


@cache
def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


def _is_unseen(transform: ImageCms.ImageCmsTransform) -> bool:
    """Whether a sample of all colours stays what it is."""
    levels = range(0, 256, 15)
    before = bytes(level for r in levels for g in levels for b in levels for level in (r, g, b))
    image = Image.frombytes("RGB", (len(before) // 3, 1), before)
    ImageCms.applyTransform(image, transform, inPlace=True)
    return all(abs(old - new) <= UNSEEN for old, new in zip(before, image.tobytes(), strict=True))
