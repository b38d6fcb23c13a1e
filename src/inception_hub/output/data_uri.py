"""Pictures inside a page, as data URIs."""

import base64
import io

import numpy as np
from numpy.typing import NDArray


def jpeg_uri(image: NDArray[np.uint8], longest: int, quality: int) -> str:
    """A thumbnail of `image`, uint8 [height, width, 3], `longest` pixels at most, of JPEG's `quality`."""
    from PIL import Image

    picture = Image.fromarray(image)
    picture.thumbnail((longest, longest))
    content = io.BytesIO()
    picture.save(content, "JPEG", quality=quality, optimize=True)
    return f"data:image/jpeg;base64,{base64.b64encode(content.getvalue()).decode()}"


def palette_png_uri(index: NDArray[np.uint8], palette: NDArray[np.uint8]) -> str:
    """`palette[index]`, pixel for pixel; `index`: uint8 [height, width], `palette`: RGBA, uint8 [n, 4]."""
    from PIL import Image

    picture = Image.fromarray(index)
    picture.putpalette(palette.tobytes(), "RGBA")
    content = io.BytesIO()
    picture.save(content, "PNG")  # `optimize` takes ten times as long and saves a twentieth
    return f"data:image/png;base64,{base64.b64encode(content.getvalue()).decode()}"


def png_uri(image: NDArray[np.uint8]) -> str:
    """`image`, uint8 [height, width, 3], pixel for pixel in up to 256 colours."""
    from PIL import Image

    content = io.BytesIO()
    Image.fromarray(image).quantize(256, dither=Image.Dither.NONE).save(content, "PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(content.getvalue()).decode()}"
