"""Every picture that is read is what another decoder shows, over generated files of all kinds and depths.

A file may be refused, in a sentence; it may not be read as another picture. After a report of one that is,
its kind goes into a matrix.
"""

from collections.abc import Callable, Iterable

import numpy as np
import pytest
from helpers import bmp_files, png_files, tiff_files

from inception_hub.errors import ImageError
from inception_hub.images.decode import decode
from inception_hub.images.tiff import OLD_PILLOW

second = pytest.importorskip("helpers.second_decoder")
lossy_files = pytest.importorskip("helpers.lossy_files")
LEVELS = 2  # of 255, that a picture may differ on average: rounding, and JPEG's arithmetic


def compare(
    files: Iterable[tuple[str, bytes]], other: Callable[[bytes], np.ndarray]
) -> tuple[set[str], dict[str, str]]:
    """The names of the files that are read, and the sentence for each of the others."""
    read: set[str] = set()
    refused: dict[str, str] = {}
    wrong: list[str] = []
    for name, content in files:
        try:
            pixels = decode(content)
        except ImageError as error:
            refused[name] = str(error)
            continue
        read.add(name)
        try:
            difference = np.abs(pixels - other(content)).mean()
        except ValueError as error:
            wrong.append(f"{name}: {error}")
        else:
            if difference > LEVELS:
                wrong.append(f"{name}: {difference:.1f}")
    assert not wrong
    return read, refused


@pytest.mark.parametrize("format, count", [("jpeg", 16), ("webp", 8), ("gif", 5), ("avif", 13)])
def test_formats_of_cameras_and_pages(format: str, count: int) -> None:
    read, refused = compare(getattr(lossy_files, f"{format}s")(), getattr(second, format))
    assert len(read) == count and not refused


def test_png() -> None:
    read, refused = compare(png_files.matrix(), second.png)
    assert len(read) == 52 and not refused


def test_bmp() -> None:
    shown = {name: pixels for name, _, pixels in bmp_files.matrix()}
    files = [(name, content) for name, content, _ in bmp_files.matrix()]
    contents = {content: name for name, content in files}
    read, refused = compare(files, lambda content: shown[contents[content]])
    assert all("not supported" in sentence for sentence in refused.values())
    assert (
        len(read) > 50
        and {"24 bits, header 40", "runs", "2 shades in 8 bits", "fields argb, header 124"} <= read
    )


@pytest.mark.parametrize("whole", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_tiff(whole: bool) -> None:
    read, refused = compare(tiff_files.matrix(whole), second.tiff)
    usual = [f"{type}, {kind}, None, contig, None, <, None, None"
             for type in ("uint8", "uint16") for kind in ("minisblack", "rgb", "separated")]  # fmt: skip
    least = 300 if whole else 190 if OLD_PILLOW else 200
    assert len(read) > least and read.issuperset(usual)
    assert "uint16, miniswhite, None, contig, lzw, <, None, None" in read
    for type, reason in (("int32", "signed 32-bit"), ("int8", "signed 8-bit"), ("float32", "floating-point")):
        assert not any(name.startswith(type) for name in read)
        sentence = refused[f"{type}, minisblack, None, contig, None, <, None, None"]
        assert f"holds {reason} values, which are not supported; give an 8-bit or 16-bit image." in sentence
    planes = refused["uint16, rgb, None, separate, None, <, None, None"]
    assert "colours or transparency in separate planes of 16 bits, which are not supported" in planes


def test_tiff_of_rare_kinds() -> None:
    read, refused = compare(tiff_files.rare(), second.tiff)
    compressions = ("lzma",) if OLD_PILLOW else ("lzma", "zstd")
    plain = {f"uint8, rgb, None, {{'compression': '{name}', 'tile': None}}" for name in compressions}
    assert read > plain | {"uint16, minisblack, None, {'bigtiff': True}"}
    assert len(read) > (70 if OLD_PILLOW else 100)
    assert not any("damaged" in sentence for sentence in refused.values())
    jpeg2000 = refused["uint8, rgb, None, {'compression': 'jpeg2000', 'tile': None}"]
    assert "holds a TIFF compressed by method 34712; give an ordinary" in jpeg2000


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 12, 16])
@pytest.mark.parametrize("photometric", [0, 1, 3])
def test_tiff_of_any_bits(bits: int, photometric: int) -> None:
    most = 2**bits - 1
    values = np.random.default_rng(0).integers(0, most + 1, (8, 16))
    colours = np.random.default_rng(1).integers(0, 256, (min(most, 255) + 1, 3))
    shown = np.repeat(np.round(values * 255 / most)[..., None], 3, -1)
    if photometric == 3:
        if bits > 8:
            pytest.skip("no such palette")
        for scale in (257, 1):  # of 16 bits, and as some writers have it
            content = tiff_files.by_hand(values, bits, 3, palette=colours.T * scale)
            assert np.array_equal(decode(content), colours[values])
        return
    content = tiff_files.by_hand(values, bits, photometric)
    if (bits, photometric) == (12, 0):
        with pytest.raises(ImageError, match="of a kind that is not supported"):
            decode(content)
    else:
        assert np.abs(decode(content) - (shown if photometric else 255 - shown)).max() <= 1
