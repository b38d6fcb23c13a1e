"""Names of folders that every system accepts and that never meet, and names of files that are free."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inception_hub.labels import imagenet
from inception_hub.organising.names import MOST_BYTES, FreeNames, folder_name, folder_names


@pytest.mark.parametrize(
    "label, name",
    [
        ("Egyptian cat", "Egyptian cat"),
        ("a/b\\c", "a_b_c"),
        ("..", "_"),
        ("../../etc", "_.._etc"),
        ("", "_"),
        (".hidden", "hidden"),
        ("ends in dots... ", "ends in dots"),
        ("CON", "_CON"),
        ("nul.txt", "_nul.txt"),
        ("com1 .x", "_com1 .x"),
        ("console", "console"),
        ('<>:"|?*', "_" * 7),
        ("a\nb\x00\x1b[2J", "a_b__[2J"),
        ("\u202eevil", "_evil"),
        ("e\u0301", "\xe9"),
        ("\udce9", "_"),
        ("猫", "猫"),
        ("x" * 300, "x" * 100),
        ("猫" * 100, "猫" * 33),
    ],
)
def test_a_label_as_a_folder(label: str, name: str) -> None:
    assert folder_name(label) == name


def test_two_labels_never_share_a_folder() -> None:
    labels = ["crane", "crane", "Crane", "a/b", "a:b", "unsure", "Unsure", "organised.jsonl", "crane-2"]
    assert folder_names(labels) == [
        "crane", "crane-2", "Crane-3", "a_b", "a_b-2", "unsure-2", "Unsure-3", "organised.jsonl-2",
        "crane-2-2",
    ]  # fmt: skip
    names = folder_names(list(imagenet()))
    assert len({name.casefold() for name in names}) == 1001 and "maillot-2" in names


@given(st.lists(st.text(), max_size=8))
def test_any_labels(labels: list[str]) -> None:
    names = folder_names(labels)
    assert len({name.casefold() for name in names}) == len(labels)
    for name in names:
        assert name.isprintable() and os.path.basename(name) == name and name not in (".", "..")
        assert len(name.encode()) <= MOST_BYTES + 4 and name == name.strip() and not name.endswith(".")


def test_a_taken_name_gets_a_number(tmp_path: Path) -> None:
    (tmp_path / "cat").mkdir()
    names = FreeNames(tmp_path, sidecars=False)
    for expected in ("a.jpg", "a-2.jpg", "a-3.jpg"):
        assert names.choose("cat", "a.jpg") == f"cat/{expected}"
        (tmp_path / "cat" / expected).touch()
    (tmp_path / "cat" / "a.png").symlink_to("nowhere")
    assert names.choose("cat", "a.png") == "cat/a-2.png" and names.choose("dog", "a.jpg") == "dog/a.jpg"


def test_a_name_is_free_with_its_sidecar(tmp_path: Path) -> None:
    (tmp_path / "cat").mkdir()
    (tmp_path / "cat" / "a.jpg.xmp").touch()
    assert FreeNames(tmp_path, sidecars=True).choose("cat", "a.jpg") == "cat/a-2.jpg"
    assert FreeNames(tmp_path, sidecars=False).choose("cat", "a.jpg") == "cat/a.jpg"


def test_planned_names_count_as_taken_also_in_another_case(tmp_path: Path) -> None:
    names = FreeNames(tmp_path, sidecars=False, planned=True)
    chosen = [names.choose("cat", name) for name in ("a.jpg", "a.jpg", "A.JPG", "a.jpg")]
    assert chosen == ["cat/a.jpg", "cat/a-2.jpg", "cat/A-3.JPG", "cat/a-4.jpg"]
