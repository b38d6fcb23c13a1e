"""Names that every system takes, and when two are one."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inception_hub.system.atomic import atomic_file
from inception_hub.system.names import BEGINNING, beginning, folded, is_device
from inception_hub.system.outputs import claimed


@pytest.mark.parametrize("name", ["con", "NUL", "aux.jpg", "Com1.tar.gz", "com1 .x", "lpt\xb9", "CONOUT$"])
def test_devices_of_windows(name: str) -> None:
    assert is_device(name)


@pytest.mark.parametrize("name", ["console", "com", "com10", "auxiliary.jpg", "a.con", "", ".aux"])
def test_other_names(name: str) -> None:
    assert not is_device(name)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Rose", "rose"),
        ("\xe9", "e\u0301"),
        ("\xc9", "e\u0301"),
        ("Stra\xdfe", "STRASSE"),
        ("\u01f0", "J\u030c"),  # folding takes it apart
    ],
)
def test_two_names_that_are_one_somewhere(one: str, other: str) -> None:
    assert folded(one) == folded(other)


def test_names_that_are_two_everywhere() -> None:
    assert len({folded(name) for name in ("rose", "ros\xe9", "rose ", "r\xf6se", "猫")}) == 5


@given(st.text())
def test_a_beginning_is_of_whole_characters(name: str) -> None:
    try:
        size = len(os.fsencode(name))
    except UnicodeEncodeError:
        return  # no name of a file here
    short = beginning(name)
    assert name.startswith(short) and len(os.fsencode(short)) <= BEGINNING
    assert short == name if size <= BEGINNING else len(os.fsencode(short)) > BEGINNING - 4


@pytest.mark.parametrize("character", ["猫", "\U0001f431", "\xe9"])
def test_folders_beside_long_names_have_names_of_characters(character: str, tmp_path: Path) -> None:
    """macOS takes nothing else, and Windows has no name for a part of one."""
    target = tmp_path / (f"x{character}" * 40)
    with claimed(target), atomic_file(target) as temporary:
        temporary.touch()
        for made in tmp_path.iterdir():
            made.name.encode()  # raises an error for a part of a character
    assert [path.name for path in tmp_path.iterdir()] == [target.name]
