"""What a newcomer sees on a terminal of 60 columns, narrower than most."""

import json
import os
import re
from pathlib import Path

import pytest
from helpers import forked
from helpers.terminals import on_terminal
from rich.cells import cell_len

from inception_hub.cli.app import VERBS

COLUMNS = 60
CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def _on_terminal(*arguments: object) -> tuple[int, str]:
    return on_terminal(*arguments, columns=COLUMNS, kind="xterm")


def lines_of(shown: str) -> list[str]:
    return CONTROL.sub("", shown).replace("\r\n", "\n").splitlines()


@pytest.mark.parametrize("group", [(), ("cache",)], ids=["all", "cache"])
def test_help_fits_and_no_verb_is_cut(group: tuple[str, ...]) -> None:
    status, shown = _on_terminal(*group)
    lines = lines_of(shown)
    assert status == 0 and lines[0].startswith("Usage: inception-hub ")
    assert max(map(cell_len, lines)) <= COLUMNS
    verbs = lines[lines.index("Commands:") + 1 :]
    assert len(verbs) == (4 if group else 20)
    for line in verbs:
        name, _, what = line.strip().partition(" ")
        assert name.isalpha() and what.strip().endswith(".") and not what.endswith("...")


def test_a_table_fits_and_tells_an_error_once(photos: Path, small_module: Path) -> None:
    (photos / "broken.png").write_bytes(b"what is no picture")
    status, shown = _on_terminal("classify", photos, "--module", small_module, "--top", "2")
    lines = lines_of(shown)
    table = lines[lines.index("photo".ljust(COLUMNS * 3 // 10) + "  label") : -1]
    assert status == 1 and max(map(cell_len, table)) <= COLUMNS
    assert " ".join("".join(lines).split()).count("is no readable image") == 1
    assert lines[0] == "Answering with small."
    assert lines[-1] == "1 of 4 photos could not be read, as its row says."


def test_photos_are_counted_with_a_share_and_the_time_left(
    photos: Path, small_module: Path, tmp_path: Path
) -> None:
    output = tmp_path / "rows" / "photos.jsonl"
    status, shown = _on_terminal("classify", photos, "--module", small_module, "-o", output)
    assert status == 0 and len(output.read_text().splitlines()) == 3
    assert "3 of 3 photos, 100%, " in shown
    status, shown = _on_terminal("classify", photos, "--module", small_module, "-o", output, "--resume")
    told = " ".join(CONTROL.sub("", shown).split())
    assert status == 0 and "holds the rows of 3 photos already." in told
    assert told.count("No other photo was left.") == 1


@pytest.mark.parametrize("verb", ["classify", "embed", "explain", "organise"])
def test_a_photo_that_is_none_is_told_once_and_nothing_announced(
    verb: str, small_module: Path, tmp_path: Path
) -> None:
    (tmp_path / "notes.txt").write_text("no picture")
    command = {
        "classify": ("classify", "--top", "2"),
        "embed": ("embed", "--output", tmp_path / "vectors.csv"),
        "explain": ("explain", "--output", tmp_path / "pictures"),
        "organise": ("organise", "--into", tmp_path / "sorted"),
    }[verb]
    for given, wrong in (("gone", "does not exist"), ("notes.txt", "is no readable image")):
        status, shown = _on_terminal(*command, tmp_path / given, "--module", small_module)
        told = " ".join(CONTROL.sub("", shown).split())
        assert status == 2 and "Answering" not in told and "answered by" not in told, shown
        assert told.count(wrong) == told.count("give a JPEG") == 1, shown
        (tmp_path / "vectors.csv").unlink(missing_ok=True)


def test_broken_photos_first_do_not_come_before_the_announcement(photos: Path, small_module: Path) -> None:
    (photos / "0.jpg").write_bytes(b"what is no picture")
    status, shown = _on_terminal("classify", photos, "--module", small_module)
    lines = lines_of(shown)
    assert status == 1 and lines[0] == "Answering with small." and shown.count("Answering") == 1
    assert lines[3].split()[0] == "…/photos/0.jpg"


@pytest.mark.parametrize("verb", ["classify", "embed", "explain"])
def test_nothing_is_announced_before_an_error(verb: str, small_module: Path, tmp_path: Path) -> None:
    output = tmp_path / ("taken" if verb == "explain" else "taken.jsonl")
    output.write_text("mine")
    empty = tmp_path / "empty"
    empty.mkdir()
    for place in (empty, tmp_path / "none*.jpg", small_module.parent):
        status, shown = _on_terminal(verb, place, "--module", small_module, "--output", output)
        assert status == 2 and "Answering" not in shown, shown
    assert output.read_text() == "mine"


def test_tables_in_pipes_are_whole(photos: Path, small_module: Path, tmp_path: Path) -> None:
    folder = tmp_path / ("a folder with a long name " * 4).strip()
    folder.mkdir()
    photo = folder / "0.png"
    photo.write_bytes((photos / "0.png").read_bytes())
    command = ("classify", photo, "--module", small_module)
    table, rows = (
        forked.run(*command, *format, environment={**os.environ, "COLUMNS": str(COLUMNS)})
        for format in ((), ("--format", "jsonl"))
    )
    assert table.returncode == rows.returncode == 0
    labels = [p["label"] for p in json.loads(rows.stdout)["predictions"]]
    lines = table.stdout.splitlines()
    assert lines[2].startswith(f"{photo}  {labels[0]} ")
    assert [line.split("  ")[0] for line in map(str.strip, lines[3:7])] == labels[1:]
    assert all(line == line.rstrip() for line in lines)


def test_every_verbs_help_fits_and_its_example_can_be_copied() -> None:
    for verb, example in VERBS:
        status, shown = _on_terminal(verb.__name__, "--help")
        lines = lines_of(shown)
        assert status == 0 and lines[-1] == f"  Example: {example}"
        assert all(cell_len(line) <= COLUMNS for line in lines[:-1]), verb.__name__


def test_a_tilde_is_the_home_folder(
    photos: Path, small_module: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(photos.parent))
    monkeypatch.chdir(tmp_path)
    given = ("classify", f"~/{photos.name}", "--module", small_module, "--output=~/rows.csv")
    status, _ = _on_terminal(*given)
    assert status == 0 and (photos.parent / "rows.csv").read_text().count("\n") > 3
    assert not (tmp_path / "~").exists()


def test_info_cuts_no_path(small_module: Path, tmp_path: Path) -> None:
    module = tmp_path / "a_folder_whose_name_alone_is_longer_than_a_narrow_terminal_has_columns"
    module.symlink_to(small_module)
    status, shown = _on_terminal("info", module)
    lines = lines_of(shown)
    assert status == 0 and max(map(cell_len, lines)) <= COLUMNS
    assert str(module) in "".join("".join(lines).split()) and "…" not in shown
