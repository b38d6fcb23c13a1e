"""The bound on decoding a JPEG, from files written marker by marker."""

import pytest
from helpers import jpeg_files as j
from helpers.image_files import RGB, encoded
from PIL import Image

from inception_hub.errors import ImageError
from inception_hub.images import jpeg
from inception_hub.images.decode import decode, picture
from inception_hub.images.photo_file import Refused

LARGE = (10_000, 9_990)
BLOCKS = 1250 * 1249  # of a component of it
SCAN = j.scan([1])


def large(*scans: bytes, kind: int = j.BASELINE, restart: int = 0) -> bytes:
    return j.jpeg(j.frame(kind, *LARGE), [j.scan([0]), *scans], restart)


@pytest.mark.parametrize("kind", [j.BASELINE, j.EXTENDED, j.PROGRESSIVE])
def test_many_scans_are_refused_whatever_the_frame(kind: int) -> None:
    with pytest.raises(ImageError, match=r"holds work for up to \d+ seconds of a .* at most 6 are accepted"):
        decode(large(*[SCAN] * 5000, kind=kind))


@pytest.mark.parametrize("kind", [0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF])
def test_rare_frames_are_refused(kind: int) -> None:
    content = j.jpeg(j.frame(kind, 16, 16), [j.scan([0, 1, 2])])
    with pytest.raises(Refused, match="lossless, hierarchical or coded arithmetically"):
        jpeg.nanoseconds(content)
    with pytest.raises(ImageError):
        decode(content)


def test_small_files_may_have_many_scans() -> None:
    content = encoded(Image.fromarray(RGB), "JPEG", progressive=True)
    last = content[content.rindex(b"\xff\xda") : -2]
    assert decode(content[:-2] + last * 500 + content[-2:]).shape == RGB.shape


def test_each_scan_costs_the_blocks_of_its_components() -> None:
    one, two, all_three = (
        jpeg.nanoseconds(large(scan)) for scan in (j.scan([1]), j.scan([1, 2]), j.scan([0, 1, 2]))
    )
    without = jpeg.nanoseconds(large())
    assert one - without == pytest.approx(jpeg.BLOCK * BLOCKS, rel=0.01)
    assert two - without == pytest.approx(2 * jpeg.BLOCK * BLOCKS, rel=0.01)
    assert all_three - without == pytest.approx(3 * jpeg.BLOCK * BLOCKS, rel=0.01)


def test_refining_looks_at_every_coefficient() -> None:
    first, refined, direct = (
        jpeg.nanoseconds(large(j.scan([1], band), kind=j.PROGRESSIVE))
        for band in ((1, 63, 0x01), (1, 63, 0x10), (0, 0, 0x10))
    )
    assert first == direct
    assert refined - first == (jpeg.REFINED - jpeg.BLOCK) * BLOCKS


def test_sampling_multiplies_blocks() -> None:
    def scans(number: int) -> int:
        frame = j.frame(j.BASELINE, *LARGE, ((1, 1), (4, 2), (1, 1)))
        return jpeg.nanoseconds(j.jpeg(frame, [j.scan([0]), *[SCAN] * number]))

    # Full size for the second component, where the first has an eighth.
    assert scans(2) - scans(1) == pytest.approx(jpeg.BLOCK * BLOCKS, rel=0.02)


def test_a_restart_costs_a_block_that_has_no_data() -> None:
    marks = b"".join(bytes([0xFF, 0xD0 + n % 8]) for n in range(1000))
    scan = j.scan([1], data=marks)
    without, each, tenth = (jpeg.nanoseconds(large(scan, restart=n)) for n in (0, 1, 10_000))
    assert each - without == pytest.approx(1000 * jpeg.FILLED, rel=0.01)
    assert tenth - without == pytest.approx(BLOCKS // 10_000 * jpeg.FILLED, rel=0.01)


HIDING = {
    "fill bytes": b"\xff" * 3,
    "stuffed zeros": b"\xff\0",
    "restart marks": b"\xff\xd0\xff\x01",
    "an empty segment": b"\xff\xe1\0\0",
    "a number of lines": j.segment(0xDC, b"\0\1"),
    "a second start": b"\xff\xd8",
    "rubbish": b"rubbish",
}


@pytest.mark.parametrize("kind", HIDING)
def test_no_scan_hides(kind: str) -> None:
    plain, hidden = (jpeg.nanoseconds(large(*[before + SCAN] * 10)) for before in (b"", HIDING[kind]))
    assert hidden - plain == pytest.approx(0, abs=20 * 10 * jpeg.BYTE)


def test_a_reduced_jpeg_costs_less_by_its_pixels() -> None:
    content = large()
    whole, eighth = jpeg.work(content), jpeg.work(content, 8)
    frame = 3 * BLOCKS * 64 * jpeg.SAMPLE
    assert whole.nanoseconds - eighth.nanoseconds == pytest.approx(frame * 63 / 64, rel=0.01)


def test_coefficients_are_held_where_there_are_several_scans() -> None:
    """And 200 megapixels of them are more than the pixels that are accepted."""
    once = j.jpeg(j.frame(j.BASELINE, *LARGE), [j.scan([0, 1, 2])])
    assert jpeg.work(once).held == 0
    for several in (large(j.scan([1]), j.scan([2])), large(kind=j.PROGRESSIVE)):
        assert jpeg.work(several).held == pytest.approx(3 * BLOCKS * 128, rel=0.01)
    panorama = j.jpeg(j.frame(j.PROGRESSIVE, 20_000, 10_000), [j.scan([0, 1, 2], (0, 0, 0))])
    with pytest.raises(ImageError, match="holds a JPEG of several scans that takes 1,200,.* bytes of memory"):
        picture(panorama, least=256)


def test_what_only_looks_like_a_scan_is_none() -> None:
    """In a segment, where a preview may stand, and after the end, where phones put films."""
    plain = jpeg.nanoseconds(large())
    preview = j.segment(0xE1, SCAN * 100)
    inside = jpeg.nanoseconds(j.jpeg(preview + j.frame(j.BASELINE, *LARGE), [j.scan([0])]))
    after = jpeg.nanoseconds(large() + SCAN * 100)
    assert inside - plain == jpeg.BYTE * len(preview)
    assert after - plain == jpeg.BYTE * len(SCAN * 100)


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xd8", b"\xff\xd8\xff\xc0", b"\xff\xd8\xff\xda", b"\xff\xd8\xff\xda\0\3\5"]
)
def test_files_cut_short_cost_nothing(content: bytes) -> None:
    assert jpeg.nanoseconds(content) <= jpeg.SCAN + jpeg.BYTE * len(content)


def test_a_frame_without_sampling() -> None:
    content = j.jpeg(j.frame(j.BASELINE, 16, 16, ((0, 0),)), [j.scan([0])])
    assert jpeg.nanoseconds(content) < 100_000
    with pytest.raises(ImageError):
        decode(content)
