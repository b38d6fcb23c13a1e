"""Names that hold anything, for files and terminals."""

from inception_hub.system.text import encoded, printable


def test_stray_bytes_become_escapes() -> None:
    assert encoded("Füße\udcff") == "Füße".encode() + b"\\udcff"


def test_nothing_moves_the_cursor() -> None:
    assert printable("a\x1b[2Jb\nc\u202ed") == "a\\x1b[2Jb\\nc\\u202ed"
    assert printable("Füße\N{NO-BREAK SPACE}ok 中") == "Füße\N{NO-BREAK SPACE}ok 中"
