"""Activation maps as pictures: heatmaps over the photo, in perceptually uniform colours, with a legend."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from ..images.decode import at_least
from ..images.loading import decode_and_resize
from ..images.photo_file import MAX_PIXELS
from ..images.presets import Preset, visible_fraction
from ..module import Module
from .activation_maps import Explanation
from .activation_maps import explain as explain_images
from .options import TOP

PANEL = 360  # px, a photo's longest side in `picture`
MARGIN, LINE, BAR = 14, 20, 8  # px
OPACITY = 0.8  # of the largest activation
# Ends of a straight line in Oklab (Ottosson, 2020), dark red to light yellow: equal steps look equal, and no
# step is a grey, which would not show on a photo without colours.
WEAK, STRONG = (0.38, 0.13, 0.06), (0.94, -0.04, 0.16)
GREY = 128  # a photo's, on average
OKLAB_TO_LMS = np.array(
    [[1, 0.3963377774, 0.2158037573], [1, -0.1055613458, -0.0638541728], [1, -0.0894841775, -1.291485548]]
)
LMS_TO_RGB = np.array(
    [
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.707614701],
    ]
)


def colours(shares: NDArray[np.floating]) -> NDArray[np.uint8]:
    """sRGB of values in [0, 1], uint8 [..., 3]."""
    oklab = np.array(WEAK) + shares[..., None] * (np.array(STRONG) - np.array(WEAK))
    linear = np.clip((oklab @ OKLAB_TO_LMS.T) ** 3 @ LMS_TO_RGB.T, 0, 1)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.rint(255 * encoded).astype(np.uint8)


def heatmap(activation_map: NDArray[np.float32], most: float | None = None) -> NDArray[np.uint8]:
    """`activation_map` [height, width] as uint8 RGBA of that size.

    `most` (None: its maximum) and more has the strongest colour; 0 and less, which lowers the logit, is
    clear.
    """
    shares = np.clip(activation_map / max(float(activation_map.max()) if most is None else most, 1e-9), 0, 1)
    opacity = np.rint(255 * OPACITY * np.sqrt(shares)).astype(np.uint8)
    return np.concatenate([colours(shares), opacity[..., None]], -1)


def legend(width: int = 64) -> NDArray[np.uint8]:
    """From nothing to the maximum as it looks on a grey photo, uint8 RGB [1, width, 3]."""
    over = heatmap(np.linspace(0, 1, width, dtype=np.float32)[None], 1)
    opacity = over[..., 3:] / 255
    return np.rint(opacity * over[..., :3] + (1 - opacity) * GREY).astype(np.uint8)


def laid_out(
    activation_map: NDArray[np.float32], width: int, height: int, preset: Preset
) -> NDArray[np.uint8]:
    """The heatmap of a photo of `width` x `height` pixels, uint8 RGBA of that size.

    Smooth, and clear where the network does not look.
    """
    part = visible_fraction(preset)
    columns, rows = max(1, round(part * width)), max(1, round(part * height))
    smooth = Image.fromarray(activation_map, "F").resize((columns, rows), Image.Resampling.BICUBIC)
    whole = np.zeros((height, width, 4), np.uint8)
    top, left = (height - rows) // 2, (width - columns) // 2
    whole[top : top + rows, left : left + columns] = heatmap(np.asarray(smooth), float(activation_map.max()))
    return whole


def explained_photo(
    module: Module,
    source: Any,
    *,
    top: int = TOP,
    classes: Sequence[str | int] | None = None,
    size: tuple[int, int] | None = None,
    resize: Preset | None = None,
    max_pixels: int = MAX_PIXELS,
) -> Image.Image:
    """A picture of one photo with a heatmap for each class, RGB: see `picture`.

    `source`: a path, bytes, an open file or a PIL image. `top`, `classes`: see `explain`. `size`: (height,
    width) in pixels to compute at, None is the module's; `resize`: None is the module's own preset. Raises
    `ImageError` for a photo that cannot be read or has more than `max_pixels` pixels, else what `explain`
    raises.
    """
    size, preset = size or module.image_size, resize or module.resize
    photo, pixels = decode_and_resize(source, size, preset, max_pixels=max_pixels)
    (explanations,) = explain_images(module, pixels[None], top=top, classes=classes)
    return picture(at_least(PANEL, photo, source, max_pixels), explanations, preset)


def picture(photo: Image.Image, explanations: Sequence[Explanation], preset: Preset) -> Image.Image:
    """The photo, and beside it once more for each class with its heatmap, name, probability and scale.

    `photo`: upright, RGB. The scale ends at the largest activation, in logits.
    """
    width, height = (max(1, round(side * PANEL / max(photo.size))) for side in photo.size)
    photo = photo.resize((width, height), Image.Resampling.BICUBIC, reducing_gap=2)
    wide, high = max(photo.width, 180), photo.height + LINE + BAR + LINE
    sheet = Image.new("RGB", (MARGIN + (wide + MARGIN) * (len(explanations) + 1), 2 * MARGIN + high), "white")
    sheet.paste(photo, (MARGIN, MARGIN + LINE))
    for number, each in enumerate(explanations, 1):
        _panel(sheet, photo, each, MARGIN + number * (wide + MARGIN), wide, preset)
    return sheet


def _panel(
    sheet: Image.Image, photo: Image.Image, each: Explanation, left: int, wide: int, preset: Preset
) -> None:
    over = Image.fromarray(laid_out(each.activation_map, *photo.size, preset), "RGBA")
    grey = photo.convert("L").convert("RGBA")  # so that the colours are the heatmap's alone
    sheet.paste(Image.alpha_composite(grey, over).convert("RGB"), (left, MARGIN + LINE))
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(13)
    title = f"{each.probability:.1%}  {each.label[:200]}"
    while font.getlength(title) > wide:
        title = f"{title[:-4]}..."
    draw.text((left, MARGIN), title, "black", font)
    below = MARGIN + LINE + photo.height + 6
    sheet.paste(Image.fromarray(legend(wide)).resize((wide, BAR)), (left, below))
    small = ImageFont.load_default(11)
    draw.text((left, below + BAR + 2), "0", "black", small)
    most = f"+{max(float(each.activation_map.max()), 0):.1f}"
    draw.text((left + wide, below + BAR + 2), most, "black", small, anchor="ra")
