"""Names that hold anything, for terminals, JSON and CSV."""

import json
import os

from hypothesis import given
from hypothesis import strategies as st

from inception_hub.system.text import (
    LONGEST_PATH,
    counted,
    csv_path,
    csv_text,
    encoded,
    json_text,
    may_be_path,
    path_text,
    printable,
    text_path,
)


def test_stray_bytes_become_escapes() -> None:
    assert encoded("Füße\udcff") == "Füße".encode() + b"\\udcff"


def test_nothing_moves_the_cursor() -> None:
    assert printable("a\x1b[2Jb\nc\u202ed") == "a\\x1b[2Jb\\nc\\u202ed"
    assert printable("Füße\N{NO-BREAK SPACE}ok 中") == "Füße\N{NO-BREAK SPACE}ok 中"


def test_one_is_singular_and_all_else_plural() -> None:
    assert [counted(n, "photo") for n in (0, 1, 2, 1200)] == [
        "0 photos",
        "1 photo",
        "2 photos",
        "1,200 photos",
    ]
    assert (counted(1, "class", "classes"), counted(3, "class", "classes")) == ("1 class", "3 classes")


@given(st.text(), st.sampled_from([None, 2]))
def test_json_is_printable_and_says_the_same(text: str, indent: int | None) -> None:
    written = json_text({"name": [text]}, indent)
    assert all(line.isprintable() for line in written.split("\n"))
    assert json.loads(written) == {"name": [text]}


def test_json_keeps_what_people_read() -> None:
    assert json_text({"label": "猫 Füße"}) == '{"label": "猫 Füße"}'
    assert json_text("\x9b2J\U000e0001\udcff") == '"\\u009b2J\\udb40\\udc01\\\\udcff"'


@given(st.text(st.sampled_from("\\udcff8x5cé\udcff\ud800")) | st.binary().map(os.fsdecode))
def test_a_path_as_text_gives_the_path_back(path: str) -> None:
    assert text_path(path_text(path)) == path
    path_text(path).encode()  # no half characters


def test_paths_stay_what_people_read() -> None:
    for path in ("photos/猫 1.jpg", r"C:\photos\x1.jpg", r"a\udx.jpg"):
        assert path_text(path) == path
    assert path_text("caf\udce9.jpg") == r"caf\udce9.jpg"
    assert path_text(r"caf\udce9.jpg") == r"caf\x5cudce9.jpg"


def test_no_cell_is_a_formula() -> None:
    starts = ["=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20"]
    assert [csv_text(f"{start}1") for start in starts] == [f"'{start}1" for start in starts]
    assert csv_text("1-2=3") == "1-2=3" and csv_text("") == ""
    assert csv_text("\t=1\r\n") == "\\t=1\\r\\n"


def test_a_path_in_csv_leads_to_its_file() -> None:
    assert csv_path("@eaDir/1.jpg") == "./@eaDir/1.jpg"
    assert csv_path("photos/-1.jpg") == "photos/-1.jpg"
    for path in ("=1", "a\x1b", "b"):
        assert csv_path(csv_path(path)) == csv_path(path)


def test_what_the_system_cannot_be_asked_for() -> None:
    assert all(map(may_be_path, ["", "a b", "Füße", "a\udcff"]))
    assert may_be_path("a" * LONGEST_PATH) and not may_be_path("a" * (LONGEST_PATH + 1))
    assert not any(map(may_be_path, ["a\0b", *(["\ud800"] if os.name == "posix" else [])]))
