"""The ways in which a photo becomes an image of a module's size, by name; `resize` computes them."""

from dataclasses import dataclass
from typing import Any, Literal, get_args

from ..errors import ArgumentError
from ..system.numbers import check_count
from .photo_file import MOST_PIXELS

Preset = Literal["default", "slim", "plain", "crop", "pad"]
PRESETS: tuple[Preset, ...] = get_args(Preset)
Fit = Literal["squash", "crop", "pad"]
CENTRAL_FRACTION = 0.875  # of each side: Slim's inception_preprocessing


@dataclass(frozen=True)
class Definition:
    """What a preset is.

    `fit`: how a photo of other proportions than the image's becomes one: squashed, or with its proportions
    kept, either cropped or padded with grey. `fraction`: the central part of each side that is taken then.
    `exact`: computed by TF1's own arithmetic, which saw photos whole and colours without their profiles.
    """

    fit: Fit
    fraction: float
    exact: bool = False


DEFINITIONS: dict[Preset, Definition] = {
    "default": Definition("squash", CENTRAL_FRACTION),
    "slim": Definition("squash", CENTRAL_FRACTION, exact=True),
    "plain": Definition("squash", 1.0, exact=True),
    "crop": Definition("crop", CENTRAL_FRACTION),
    "pad": Definition("pad", 1.0),
}


def visible_fractions(preset: Preset, photo: tuple[int, int], image: tuple[int, int]) -> tuple[float, float]:
    """The part of a photo's height and of its width that an image shows, about the photo's centre.

    `photo`, `image`: (height, width) in pixels. Above 1 where the image shows more than the photo: grey.
    """
    how = DEFINITIONS[preset]
    if how.fit == "squash":
        return how.fraction, how.fraction
    scales = image[0] / photo[0], image[1] / photo[1]
    scale = (max(scales) if how.fit == "crop" else min(scales)) / how.fraction
    return scales[0] / scale, scales[1] / scale


def check_size(name: str, value: Any) -> tuple[int, int]:
    """`value` as (height, width); raises `ArgumentError` for anything but two whole numbers from 1 on.

    Also for a size of more than `MOST_PIXELS` pixels, whose image takes gigabytes.
    """
    sides = value.tolist() if hasattr(value, "tolist") else value
    if not isinstance(sides, list | tuple) or len(sides) != 2:
        raise ArgumentError(
            f"{name} is {repr(value)[:60]}; give (height, width) in pixels, such as (224, 224)."
        )
    height, width = (check_count(f"A side of {name}", side) for side in sides)
    if height * width > MOST_PIXELS:
        raise ArgumentError(f"{name} is {height} x {width} pixels; give at most {MOST_PIXELS:,} in all.")
    return height, width


def checked_preset(resize: Preset | None) -> Preset | None:
    """`resize` itself; raises `ArgumentError` for an unknown preset."""
    if resize is not None and resize not in PRESETS:
        raise ArgumentError(f"resize is {resize!r}; give one of {', '.join(PRESETS)}.")
    return resize
