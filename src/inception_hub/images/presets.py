"""The ways in which a photo becomes an image of a module's size, by name; `resize` computes them."""

from typing import Literal, get_args

from ..errors import ArgumentError

Preset = Literal["default", "slim", "plain"]
PRESETS: tuple[Preset, ...] = get_args(Preset)
CENTRAL_FRACTION = 0.875  # of each side: Slim's inception_preprocessing
VISIBLE: dict[Preset, float] = {"default": CENTRAL_FRACTION, "slim": CENTRAL_FRACTION, "plain": 1.0}


def visible_fraction(preset: Preset) -> float:
    """The central part of each of a photo's sides that the network sees, in (0, 1]."""
    return VISIBLE[preset]


def checked_preset(resize: Preset | None) -> Preset | None:
    """`resize` itself; raises `ArgumentError` for an unknown preset."""
    if resize is not None and resize not in PRESETS:
        raise ArgumentError(f"resize is {resize!r}; give one of {', '.join(PRESETS)}.")
    return resize
