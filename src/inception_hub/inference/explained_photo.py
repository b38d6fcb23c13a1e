"""A photo with the heatmaps of its classes beside it, as one picture."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from ..images.decode import at_least
from ..images.heatmaps import heatmap, laid_over, map_size
from ..images.loading import decode_and_resize, decode_and_resize_again
from ..images.photo_file import MAX_PIXELS
from ..images.presets import Preset, visible_fractions
from ..module import Module
from .activation_maps import Explanation, explain
from .options import EXPLAINED

PANEL = 360  # px, a photo's longest side
MARGIN, LINE = 14, 20  # px
TITLE, NOTE = 13, 12  # px, sizes of the texts


def explained_photo(
    module: Module,
    source: Any,
    *,
    top: int = EXPLAINED,
    classes: Sequence[str | int] | None = None,
    size: tuple[int, int] | None = None,
    resize: Preset | None = None,
    max_pixels: int = MAX_PIXELS,
) -> Image.Image:
    """A picture of one photo with a heatmap for each class, RGB: see `picture`.

    `source`: a path, bytes, an open file or a PIL image. `top`, `classes`: see `explain`. `size`: (height,
    width) in pixels to compute at; None is the module's own for classes and probabilities, and `map_size` for
    the maps. `resize`: None is the module's own preset. Raises `ImageError` for a photo that cannot be read
    or has more than `max_pixels` pixels, else what `explain` raises.
    """
    own, preset = size or module.image_size, resize or module.resize
    photo, pixels = decode_and_resize(source, own, preset, max_pixels=max_pixels)
    (explanations,) = explain(module, pixels[None], top=top, classes=classes)
    finer = size or map_size(own)
    if finer != own:
        enlarged = decode_and_resize_again(photo, source, finer, preset, max_pixels=max_pixels)
        (fine,) = explain(module, enlarged[None], classes=[each.index for each in explanations])
        explanations = [
            replace(each, activation_map=other.activation_map)
            for each, other in zip(explanations, fine, strict=True)
        ]
    visible = visible_fractions(preset, (photo.height, photo.width), own)
    return picture(at_least(PANEL, photo, source, max_pixels), explanations, visible)


def picture(
    photo: Image.Image, explanations: Sequence[Explanation], visible: tuple[float, float]
) -> Image.Image:
    """The photo, and beside it once more for each class with its heatmap, probability, name and scale.

    `photo`: upright, RGB. `visible`: see `heatmap`. The scale is what the map's maximum adds to the logit.
    """
    width, height = (max(1, round(side * PANEL / max(photo.size))) for side in photo.size)
    photo = photo.resize((width, height), Image.Resampling.BICUBIC, reducing_gap=2)
    wide, high = max(photo.width, PANEL // 2), photo.height + 2 * LINE
    sheet = Image.new("RGB", (MARGIN + (wide + MARGIN) * (len(explanations) + 1), 2 * MARGIN + high), "white")
    sheet.paste(photo, (MARGIN, MARGIN + LINE))
    for number, each in enumerate(explanations, 1):
        _panel(sheet, photo, each, MARGIN + number * (wide + MARGIN), wide, visible)
    return sheet


def _panel(
    sheet: Image.Image,
    photo: Image.Image,
    each: Explanation,
    left: int,
    wide: int,
    visible: tuple[float, float],
) -> None:
    over = laid_over(photo, heatmap(each.activation_map, *photo.size, visible))
    sheet.paste(over, (left, MARGIN + LINE))
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(TITLE)
    title = f"{each.probability:.1%}  {each.label[:200]}"
    while font.getlength(title) > wide:
        title = f"{title[:-4]}..."
    draw.text((left, MARGIN), title, "black", font)
    most = float(each.activation_map.max())
    note = f"lines at 1/4 and 1/2 of +{most:.1f}" if most > 0 else "nothing on the photo adds to it"
    draw.text((left, MARGIN + LINE + photo.height + 4), note, "black", ImageFont.load_default(NOTE))
