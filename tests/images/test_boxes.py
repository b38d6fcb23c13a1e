"""What AVIF and HEIC are made of, from files of our own."""

import pytest
from helpers.box_files import box, coloured, encoded, file
from PIL import Image

from inception_hub.images import boxes
from inception_hub.images.boxes import Item
from inception_hub.images.photo_file import Refused

PARTS = [(b"av01", b"first"), (b"Exif", b"second"), (b"av01", b"third" * 1000)]


def test_items_with_their_data() -> None:
    assert boxes.items(file(PARTS, b"avif")) == [Item(*part) for part in PARTS]
    assert boxes.items(b"") == boxes.items(b"\0" * 99) == boxes.items(box(b"meta")) == []


def test_real_files_have_a_picture_and_perhaps_its_transparency() -> None:
    image = Image.new("RGB", (32, 24))
    clear = Image.new("RGBA", (32, 24))
    for picture, count in ((image, 1), (clear, 2)):
        kinds = [item.kind for item in boxes.items(encoded(picture, "AVIF"))]
        assert kinds == [b"av01"] * count
    film = encoded(image, "AVIF", save_all=True, append_images=[image.rotate(180)] * 3)
    assert len(boxes.first_samples(film)) == 1 and boxes.first_samples(film)[0] in film


def test_brands() -> None:
    assert boxes.brands(box(b"ftyp", b"mif1", bytes(4), b"heic", b"miaf")) == {b"mif1", b"heic", b"miaf"}
    assert boxes.brands(b"") == boxes.brands(b"RIFF") == set()


def test_colours_are_those_of_the_picture_that_is_shown() -> None:
    image = Image.new("RGB", (32, 24))
    content = encoded(image, "AVIF")
    assert boxes.colours(content) == (1, 13)
    assert boxes.colours(coloured(content, 12, 16)) == (12, 16)
    assert boxes.colours(content.replace(b"colrnclx", b"colrprof")) is None
    assert boxes.colours(content.replace(b"ipma", b"free")) is None
    for nothing in (b"", b"\0" * 99, box(b"meta"), file(PARTS, b"avif")):
        assert boxes.colours(nothing) is None


@pytest.mark.parametrize("version, wide", [(0, 0), (1, 0), (0, 1), (1, 1)])
def test_colours_of_other_items_do_not_count(version: int, wide: int) -> None:
    first, second = (box(b"colr", b"nclx", bytes([0, n, 0, 13, 0, 0, 128])) for n in (9, 12))
    number, place = (4 if version else 2), (2 if wide else 1)

    def uses(item: int, *places: int) -> bytes:
        essential = 1 << 8 * place - 1
        listed = b"".join((essential | n).to_bytes(place) for n in places)
        return item.to_bytes(number) + bytes([len(places)]) + listed

    header = bytes([version, 0, 0, wide])
    for places, colours in (((1, 3), (12, 13)), ((2,), (9, 13)), ((1,), None), ((9, 0), None), ((), None)):
        uses_of = box(b"ipma", header, (2).to_bytes(4), uses(2, 2), uses(1, *places))
        content = file(PARTS, b"avif", properties=box(b"pixi", b"abc") + first + second, uses=uses_of)
        assert boxes.colours(content) == colours
    endless = box(b"ipma", header, b"\xff" * 4)
    assert boxes.colours(file(PARTS, b"avif", properties=first, uses=endless)) is None


def test_parts_may_not_be_more_than_the_file() -> None:
    content = bytearray(file([(b"av01", b"a" * 9)] * 50, b"avif"))
    place = content.index(b"iloc") + 12
    for number in range(50):  # each from the start to the end
        entry = place + 14 * number + 6
        content[entry : entry + 8] = bytes(8)
    with pytest.raises(Refused, match="parts that lie over each other"):
        boxes.items(bytes(content))


def test_no_part_is_shown_twice() -> None:
    parts = [(b"grid", bytes(8)), (b"hvc1", b"a"), (b"hvc1", b"b")]
    assert len(boxes.items(file(parts, b"heic", shown=[2, 3]))) == 3
    with pytest.raises(Refused, match="a part that is shown more than once"):
        boxes.items(file(parts, b"heic", shown=[2, 3, 2]))


def test_very_many_parts_are_refused() -> None:
    with pytest.raises(Refused, match="more than 10,000 boxes"):
        list(boxes.boxes(memoryview(box(b"free") * 10_001)))
    with pytest.raises(Refused, match="more than 5,000 parts"):
        boxes.items(file([(b"av01", b"")] * 5001, b"avif"))


def test_parts_elsewhere_are_refused() -> None:
    content = file([(b"av01", b"abc")], b"avif").replace(
        b"iloc\0\0\0\0\x44\0\0\1\0\1", b"iloc\1\0\0\0\x44\0\0\1\0\1\0\2"
    )
    with pytest.raises(Refused, match="a picture whose parts are in other parts"):
        boxes.items(content)


def test_boxes_end_at_what_is_none() -> None:
    good = box(b"free", b"abc")
    for bad in (b"\0\0\0\4free", b"\xff\xff\xff\xfffree", b"\0\0\0\1free", b"abc"):
        assert [kind for kind, _ in boxes.boxes(memoryview(good + bad))] == [b"free"]
    rest = [bytes(content) for _, content in boxes.boxes(memoryview(good + bytes(4) + b"mdatabc"))]
    assert rest == [b"abc", b"abc"]
    wide = b"\0\0\0\1free" + (19).to_bytes(8) + b"abc"
    assert [bytes(content) for _, content in boxes.boxes(memoryview(wide))] == [b"abc"]


def test_readers_give_zeros_behind_the_end() -> None:
    reader = boxes.Reader(memoryview(b"\1\2\3"))
    assert [reader.take(2), reader.take(2), reader.take(4)] == [0x102, 0x300, 0]
