"""Damaged photos write nothing to the terminal, and warnings' filters are as before."""

import struct
import subprocess
import sys
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from helpers.image_files import RGB, encoded, tiff
from PIL import Image

from inception_hub.errors import ImageError
from inception_hub.images.decode import decode
from inception_hub.images.quiet import _in_wheel, quiet


def with_exif(content: bytes, tags: int, segments: int = 1) -> bytes:
    """A JPEG with EXIF whose every tag lies outside of it, which Pillow warns of."""
    entries = b"".join(struct.pack("<HHII", tag, 2, 1000, 0xFFFFF0) for tag in range(1, tags + 1))
    exif = b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", tags) + entries + bytes(4)
    return content[:2] + (struct.pack(">HH", 0xFFE1, len(exif) + 2) + exif) * segments + content[2:]


PHOTO = encoded(Image.fromarray(RGB), "JPEG")


def test_warnings_of_a_damaged_photo_are_kept_back() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.array_equal(decode(with_exif(PHOTO, 5_000)), decode(PHOTO))


def test_exif_beyond_its_own_limit_is_refused() -> None:
    with pytest.raises(ImageError, match="holds more than 65,536 bytes of EXIF"):
        decode(with_exif(PHOTO, 3_000, segments=2))


def test_large_exif_of_other_formats_is_passed_over() -> None:
    """Pillow would copy all of it for each of its tags."""
    entries = b"".join(struct.pack("<HHII", tag, 7, 600_000, 0) for tag in range(1, 50_000))
    exif = b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", 49_999) + entries + bytes(4)
    image = Image.fromarray(RGB)
    assert np.array_equal(decode(encoded(image, "PNG", exif=exif)), RGB)


def test_filters_are_put_back_by_the_last_of_many_threads() -> None:
    before = list(warnings.filters)
    inside = threading.Barrier(8)

    def enter(_: int) -> None:
        with quiet():
            inside.wait(10)
            assert decode(with_exif(PHOTO, 50)).shape == RGB.shape

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(enter, range(8)))
    assert list(warnings.filters) == before


def test_other_warnings_are_still_given() -> None:
    with quiet(), pytest.warns(UserWarning, match="of ours"):
        warnings.warn("of ours", UserWarning, stacklevel=1)


def test_nothing_reaches_standard_error() -> None:
    """Neither from Python nor from libtiff, which writes by itself."""
    damaged = [with_exif(PHOTO, 5_000), tiff((259, 1, 5), (273, 1, 8), (279, 1, 9), data=bytes(9))]
    program = (
        "from inception_hub.images.decode import decode\n"
        f"for content in {damaged!r}:\n"
        "    try:\n"
        "        decode(content)\n"
        "    except OSError as error:\n"
        "        print(error)\n"
    )
    done = subprocess.run([sys.executable, "-"], input=program, capture_output=True, text=True, check=True)
    assert "is damaged" in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize("name", ["pillow.libs/libtiff-0c352bdc.so.6.3.0", "PIL/.dylibs/libtiff.6.dylib"])
def test_libtiff_is_found_in_the_wheels_of_linux_and_macos(name: str, tmp_path: Path) -> None:
    library = tmp_path / name
    library.parent.mkdir(parents=True)
    (library.parent / "libjpeg").touch()
    assert _in_wheel(tmp_path / "PIL") == []
    library.touch()
    assert _in_wheel(tmp_path / "PIL") == [str(library)]
