"""Bounds on what a photo's bytes may cost."""

from pathlib import Path

import pytest
from helpers.image_files import RGB, chunk, encoded, tiff
from PIL import Image

from inception_hub.errors import ImageError
from inception_hub.images.decode import decode


def many_parts() -> dict[str, bytes]:
    """Small files of very many parts: without a bound each byte would cost a step in Python."""
    image = Image.fromarray(RGB)
    png, jpeg, gif = (encoded(image, format) for format in ("PNG", "JPEG", "GIF"))
    palette = 13 + 3 * (2 << (gif[10] & 7))
    return {
        "chunks": png[:33] + chunk(b"teSt", b"") * 200_001 + png[33:],
        "empty pixels": png[:-12] + chunk(b"IDAT", b"") * 100_000 + png[-12:],
        "fill bytes": jpeg[:2] + b"\xff" * 300_000 + jpeg[2:],
        "segments": jpeg[:2] + b"\xff\xe9\0\2" * 100_000 + jpeg[2:],
        "comments": gif[:palette] + b"\x21\xfe" + b"\x01a" * 200_000 + b"\0" + gif[palette:],
        "strips": tiff((273, 200_001, 8)),
        "tiles": tiff((324, 1 << 40, 16), big=True),
    }


@pytest.mark.parametrize("kind", many_parts())
def test_files_of_very_many_parts_are_refused(kind: str) -> None:
    with pytest.raises(
        ImageError, match=r"holds more than 200,000 (parts|strips or tiles); give an ordinary"
    ):
        decode(many_parts()[kind])


def test_files_beyond_the_size(tmp_path: Path) -> None:
    with open(tmp_path / "large.webp", "wb") as file:
        file.write(b"RIFF")
        file.truncate((1 << 30) + 1)
    with pytest.raises(ImageError, match="holds 1,073,741,825 bytes, and at most 1,073,741,824 are accepted"):
        decode(tmp_path / "large.webp")
