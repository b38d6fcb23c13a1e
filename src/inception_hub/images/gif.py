"""What a GIF shows, where Pillow takes it for another."""

from PIL import Image
from PIL.GifImagePlugin import GifImageFile


def amend(image: GifImageFile) -> Image.Image:
    """`image`, loaded, with what its first frame does not cover transparent, as browsers have it.

    Pillow gives that the first colour of the palette.
    """
    frame = image.dispose_extent
    if frame is None or frame == (0, 0, *image.size) or image.has_transparency_data:
        return image
    whole = Image.new("RGBA", image.size)
    whole.paste(image.crop(frame).convert("RGB"), frame)
    return whole
