"""Heatmaps: which parts of a photo count for a class, drawn so that the photo stays visible.

Where an activation map has at least half of its maximum the photo is as it is. Elsewhere it is darkened, most
where the map is below a quarter. A line runs around either part.
"""

from dataclasses import dataclass
from functools import cache
from itertools import product
from math import ceil

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .presets import CENTRAL_FRACTION

MAP_SIDE, MOST_ENLARGED = 224, 2  # px of the shorter side; times the module's own size
DRAWN_SIDE = 320  # px of both sides of what pages lay over a photo of any shape
LEVELS = (0.25, 0.5)  # of the map's maximum
WIDTHS = (0.8, 1.6)  # px, of each level's line
LINE, SHADOW, DARK = (255, 222, 90), (0, 0, 0), (8, 10, 14)  # sRGB
DARKENED = 0.55  # opacity below the first level
REACH, STEP = 2.0, 0.5  # px: how far from a line a pixel's distance to it is told, and how finely
STEPS = round(2 * REACH / STEP) + 1
MOST_PADDED = 1000.0  # times a photo's side, which an image may show: more cannot be drawn
ROWS, COLUMNS = ("upper", "middle", "lower"), ("left", "centre", "right")


@dataclass(frozen=True, eq=False)
class Heatmap:
    """A heatmap of a photo's size: `index`, uint8 [height, width], are rows of `palette()`.

    `place`: where it is strongest, in words: "centre", "upper left", "nowhere".
    """

    index: NDArray[np.uint8]
    place: str


def map_size(size: tuple[int, int]) -> tuple[int, int]:
    """The (height, width) in pixels at which the heatmaps of a module of `size` are computed.

    A small one is enlarged to the original's 224, which gives maps of 7 x 7 places, but at most twofold:
    things far larger than those it was trained on are not recognised.
    """
    scale = min(max(1.0, MAP_SIDE / min(size)), MOST_ENLARGED)
    return round(scale * size[0]), round(scale * size[1])


def heatmap(
    activation_map: NDArray[np.float32], width: int, height: int, visible: tuple[float, float]
) -> Heatmap:
    """What is laid over a photo that is drawn with `width` x `height` pixels.

    `visible`: the parts of the photo's height and width that the map covers, of `visible_fractions`. Places
    that lower the logit look as those that add nothing. At the edges of what the network sees the map
    continues, over the eighth that presets leave out; further out, as of a crop from a wide photo, nothing
    adds.
    """
    adding = np.maximum(activation_map, np.float32(0))
    adding /= max(float(adding.max()), 1e-9)
    shares = _enlarged(adding, width, height, visible)
    slopes = [np.gradient(shares, axis=axis) for axis in (0, 1) if shares.shape[axis] > 1]
    slope = np.maximum(np.hypot(*slopes) if len(slopes) == 2 else np.abs(sum(slopes)), 1e-4)
    index = np.zeros(shares.shape, np.uint8)
    for level in LEVELS:
        pixels_inside = np.clip((shares - level) / slope, -REACH, REACH)
        index = STEPS * index + np.rint((pixels_inside + REACH) / STEP).astype(np.uint8)
    return Heatmap(index, _place(activation_map, visible))


def laid_over(photo: Image.Image, over: Heatmap) -> Image.Image:
    """`photo` under a heatmap of its size, RGB."""
    coloured = Image.fromarray(palette()[over.index])
    return Image.alpha_composite(photo.convert("RGBA"), coloured).convert("RGB")


@cache
def palette() -> NDArray[np.uint8]:
    """The colours of heatmaps, sRGB and opacity: uint8 [STEPS ** 2, 4].

    One for each pair of distances from the two lines.
    """
    distances = [STEP * step - REACH for step in range(STEPS)]  # px, above 0 inside
    return np.array([_colour(each) for each in product(distances, repeat=len(LEVELS))], np.uint8)


def _enlarged(
    map: NDArray[np.float32], width: int, height: int, visible: tuple[float, float]
) -> NDArray[np.float32]:
    """The map over the `visible` parts of a photo's sides, interpolated; beyond, its edges continue."""
    (rows, columns), parts = map.shape, zip(visible, (height, width), strict=True)
    # At least a drawn pixel, so that the margins are bounded; at most what leaves a part of the map.
    tall, wide = (min(max(part, 1 / drawn), MOST_PADDED) for part, drawn in parts)
    down, across = 1 / tall, 1 / wide
    # How far the photo reaches beyond the map, in places; below 0 where it is the smaller.
    below, beside = rows * (down - 1) / 2, columns * (across - 1) / 2
    # Two places more, which interpolation looks at.
    margins = max(ceil(below), 0) + 2, max(ceil(beside), 0) + 2
    whole = Image.fromarray(np.pad(map, [(margin, margin) for margin in margins], mode="edge"))
    top, left = margins[0] - below, margins[1] - beside
    box = (left, top, left + columns * across, top + rows * down)
    shares = np.array(whole.resize((width, height), Image.Resampling.BICUBIC, box))
    shares[_far(height, tall)] = 0
    shares[:, _far(width, wide)] = 0
    return shares


def _far(length: int, part: float) -> NDArray[np.bool_]:
    """Which of `length` drawn pixels the network does not see, nor would if no edges were left out."""
    centres = (np.arange(length) + 0.5) / length
    return np.abs(centres - 0.5) > part / CENTRAL_FRACTION / 2


def _place(map: NDArray[np.float32], visible: tuple[float, float]) -> str:
    """The ninth of the photo where the map has its maximum, or nowhere if no place adds to the logit."""
    if map.max() <= 0:
        return "nowhere"
    places = zip(np.unravel_index(map.argmax(), map.shape), map.shape, visible, strict=True)
    row, column = (((at + 0.5) / length - 0.5) * part + 0.5 for at, length, part in places)
    vertical, horizontal = ROWS[_third(row)], COLUMNS[_third(column)]
    return "centre" if (vertical, horizontal) == ("middle", "centre") else f"{vertical} {horizontal}"


def _third(share: float) -> int:
    """Of a photo's side; what lies beside the photo counts to the nearest."""
    return min(max(int(3 * share), 0), 2)


def _colour(distances: tuple[float, ...]) -> NDArray[np.float64]:
    """Darkness, and over it each line with its shadow."""
    inside = np.clip(np.array(distances) + 0.5, 0, 1).mean()
    layers: list[tuple[tuple[int, int, int], float]] = [(DARK, DARKENED * (1 - inside))]
    for distance, width in zip(distances, WIDTHS, strict=True):
        beside, strength = abs(distance) - width / 2, min(1.0, width)
        layers.append((SHADOW, 0.5 * strength * float(np.clip(1.2 - beside, 0, 1))))
        layers.append((LINE, strength * float(np.clip(0.5 - beside, 0, 1))))
    colour, opacity = np.zeros(3), 0.0
    for over, alpha in layers:
        below, opacity = opacity * (1 - alpha), alpha + opacity * (1 - alpha)
        colour = (np.array(over) * alpha + colour * below) / max(opacity, 1e-9)
    return np.rint([*colour, 255 * opacity])
