"""What a newcomer sees on a terminal of 80 and of 60 columns."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.terminals import on_terminal
from rich.cells import cell_len

from inception_hub.cli.app import VERBS

WIDTHS = pytest.mark.parametrize("columns", [80, 60])
CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def _on_terminal(*arguments: object, columns: int) -> tuple[int, str]:
    return on_terminal(*arguments, columns=columns, kind="xterm")


def lines_of(shown: str) -> list[str]:
    return CONTROL.sub("", shown).replace("\r\n", "\n").splitlines()


@WIDTHS
@pytest.mark.parametrize("group", [(), ("cache",)], ids=["all", "cache"])
def test_help_fits_and_no_verb_is_cut(group: tuple[str, ...], columns: int) -> None:
    status, shown = _on_terminal(*group, columns=columns)
    lines = lines_of(shown)
    assert status == 0 and lines[0].startswith("Usage: inception-hub ")
    assert max(map(cell_len, lines)) <= columns
    verbs = lines[lines.index("Commands:") + 1 :]
    assert len(verbs) == (4 if group else 20)
    for line in verbs:
        name, _, what = line.strip().partition(" ")
        assert name.isalpha() and what.strip().endswith(".") and not what.endswith("...")


@WIDTHS
def test_a_table_fits_and_tells_an_error_once(photos: Path, small_module: Path, columns: int) -> None:
    (photos / "broken.png").write_bytes(b"what is no picture")
    status, shown = _on_terminal("classify", photos, "--module", small_module, "--top", "2", columns=columns)
    lines = lines_of(shown)
    table = lines[lines.index("photo".ljust(columns * 3 // 10) + "  label") : -1]
    assert status == 1 and max(map(cell_len, table)) <= columns
    assert " ".join("".join(lines).split()).count("is no readable image") == 1
    assert lines[0] == "Answering with small."
    assert lines[-1] == "1 of 4 photos could not be read, as its row says."


@WIDTHS
def test_photos_are_counted_with_a_share_and_the_time_left(
    photos: Path, small_module: Path, tmp_path: Path, columns: int
) -> None:
    output = tmp_path / "rows" / "photos.jsonl"
    status, shown = _on_terminal("classify", photos, "--module", small_module, "-o", output, columns=columns)
    assert status == 0 and len(output.read_text().splitlines()) == 3
    assert "3 of 3 photos, 100%, " in shown
    status, shown = _on_terminal(
        "classify", photos, "--module", small_module, "-o", output, "--resume", columns=columns
    )
    told = " ".join(CONTROL.sub("", shown).split())
    assert status == 0 and "holds the rows of 3 photos already." in told
    assert told.count("No other photo was left.") == 1


@WIDTHS
@pytest.mark.parametrize("verb", ["classify", "embed", "explain", "organise"])
def test_a_photo_that_is_none_is_told_once_and_nothing_announced(
    verb: str, columns: int, small_module: Path, tmp_path: Path
) -> None:
    (tmp_path / "notes.txt").write_text("no picture")
    command = {
        "classify": ("classify", "--top", "2"),
        "embed": ("embed", "--output", tmp_path / "vectors.csv"),
        "explain": ("explain", "--output", tmp_path / "pictures"),
        "organise": ("organise", "--into", tmp_path / "sorted"),
    }[verb]
    for given, wrong in (("gone", "does not exist"), ("notes.txt", "is no readable image")):
        status, shown = _on_terminal(*command, tmp_path / given, "--module", small_module, columns=columns)
        told = " ".join(CONTROL.sub("", shown).split())
        assert status == 2 and "Answering" not in told and "answered by" not in told, shown
        assert told.count(wrong) == told.count("give a JPEG") == 1, shown
        (tmp_path / "vectors.csv").unlink(missing_ok=True)


@WIDTHS
def test_broken_photos_first_do_not_come_before_the_announcement(
    photos: Path, small_module: Path, columns: int
) -> None:
    (photos / "0.jpg").write_bytes(b"what is no picture")
    status, shown = _on_terminal("classify", photos, "--module", small_module, columns=columns)
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
        status, shown = _on_terminal(verb, place, "--module", small_module, "--output", output, columns=80)
        assert status == 2 and "Answering" not in shown, shown
    assert output.read_text() == "mine"


@WIDTHS
def test_tables_in_pipes_are_whole(photos: Path, small_module: Path, tmp_path: Path, columns: int) -> None:
    folder = tmp_path / ("a folder with a long name " * 4).strip()
    folder.mkdir()
    photo = folder / "0.png"
    photo.write_bytes((photos / "0.png").read_bytes())
    command = [sys.executable, "-m", "inception_hub", "classify", str(photo), "--module", str(small_module)]
    environment = {**os.environ, "COLUMNS": str(columns)}
    table = subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout
    labels = [p["label"] for p in json.loads(_jsonl(command))["predictions"]]
    lines = table.splitlines()
    assert lines[2].startswith(f"{photo}  {labels[0]} ")
    assert [line.split("  ")[0] for line in map(str.strip, lines[3:7])] == labels[1:]
    assert all(line == line.rstrip() for line in lines)


def _jsonl(command: list[str]) -> str:
    return subprocess.run([*command, "--format", "jsonl"], capture_output=True, text=True, check=True).stdout


@WIDTHS
def test_every_verbs_help_fits_and_its_example_can_be_copied(columns: int) -> None:
    for verb, example in VERBS:
        status, shown = _on_terminal(verb.__name__, "--help", columns=columns)
        lines = lines_of(shown)
        assert status == 0 and lines[-1] == f"  Example: {example}"
        assert all(cell_len(line) <= columns for line in lines[:-1]), verb.__name__


@WIDTHS
def test_a_tilde_is_the_home_folder(
    photos: Path, small_module: Path, tmp_path: Path, columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(photos.parent))
    monkeypatch.chdir(tmp_path)
    given = ("classify", f"~/{photos.name}", "--module", small_module, "--output=~/rows.csv")
    status, _ = _on_terminal(*given, columns=columns)
    assert status == 0 and (photos.parent / "rows.csv").read_text().count("\n") > 3
    assert not (tmp_path / "~").exists()


@WIDTHS
def test_info_cuts_no_path(small_module: Path, tmp_path: Path, columns: int) -> None:
    module = tmp_path / "a_folder_whose_name_alone_is_longer_than_a_narrow_terminal_has_columns"
    module.symlink_to(small_module)
    status, shown = _on_terminal("info", module, columns=columns)
    lines = lines_of(shown)
    assert status == 0 and max(map(cell_len, lines)) <= columns
    assert str(module) in "".join("".join(lines).split()) and "…" not in shown
