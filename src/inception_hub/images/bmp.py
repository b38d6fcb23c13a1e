"""What a BMP is, where Pillow takes it for another."""

import struct

from PIL import ImagePalette
from PIL.BmpImagePlugin import BmpImageFile

from .photo_file import Unsupported

HEADER = 70  # bytes, up to the mask of transparency
OLD = 12  # bytes of OS/2's header, which has the bits of a pixel earlier
FIELDS = 3  # the compression that masks are
GREYS = {"1": 1, "L": 8}  # Pillow's modes for palettes of greys, and the bits of a pixel that it then decodes


def amend(image: BmpImageFile, header: bytes) -> None:
    """Puts into `image`, just opened, what Pillow takes for other than it is.

    Raises `Unsupported` for transparency that it does not see.
    """
    (size,) = struct.unpack_from("<I", header, 14)
    (bits,) = struct.unpack_from("<H", header, 24 if size == OLD else 28)
    if size >= 56 and bits == 16 and image.info["compression"] == FIELDS and any(header[66:70]):
        raise Unsupported("colours and transparency in 16 bits")
    (tile,) = image.tile
    if tile.codec_name == "raw" and GREYS.get(image.mode, bits) != bits:
        greys = (0, 255) if image.mode == "1" else range(1 << bits)
        image._mode = "P"
        image.palette = ImagePalette.raw("RGB", bytes(grey for grey in greys for _ in "rgb"))
        assert isinstance(tile.args, tuple)
        image.tile = [tile._replace(args=("P" if bits == 8 else f"P;{bits}", *tile.args[1:]))]
