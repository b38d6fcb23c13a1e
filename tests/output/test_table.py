"""The table for people: aligned, as wide as the terminal, safe from hostile names."""

from pathlib import Path

import pytest
from helpers.written_rows import ROWS, SETS, written
from rich.cells import cell_len

from inception_hub.errors import ArgumentError
from inception_hub.inference.predictions import Prediction
from inception_hub.inference.row import Row
from inception_hub.output.table import Table, shortened
from inception_hub.output.writers import open_writer
from inception_hub.system.text import printable


def test_a_table_of_vectors_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="vector cannot be written as table; give one of jsonl, csv"):
        open_writer("table", "vector", tmp_path / "rows", 5)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("width", [80, 120, 200])
def test_table(width: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    lines = written("table", "predictions", ROWS, tmp_path / "rows.txt").read_text("utf-8").splitlines()
    assert max(map(cell_len, lines)) == min(width, 120)
    assert lines[0].split() == ["photo", "label"]
    assert lines[2].split() == ["photos/cat.jpg", "Egyptian", "cat", lines[2].split()[3], "75.0%"]
    assert lines[3].split()[0] == "tabby"
    assert lines[2].index("Egyptian") == lines[3].index("tabby")
    assert lines[2].count("█") == int(0.75 * (min(width, 120) // 4))
    assert lines[3].count("█") == int(0.125 * (min(width, 120) // 4))
    assert not lines[4].strip()
    assert lines[5].split()[:4] == ["photos/bad.jpg", "photos/bad.jpg", "is", "damaged;"]
    assert lines[-1].strip() == "3 photos, 1 of them in error; answered by tiny"
    assert "\x1b" not in "".join(lines)


@pytest.mark.parametrize("count, caption", [(1, "1 photo in error"), (2, "2 photos, all in error")])
def test_nothing_is_answered_where_all_is_in_error(count: int, caption: str, tmp_path: Path) -> None:
    path = tmp_path / "rows.txt"
    error = next(row for row in ROWS if row.error)
    with open_writer("table", "predictions", path, 1) as writer:
        for _ in range(count):
            writer.write(error)
    assert path.read_text("utf-8").splitlines()[-1].strip() == caption


def test_table_of_the_best_only_is_compact(tmp_path: Path) -> None:
    path = tmp_path / "rows.txt"
    with open_writer("table", "predictions", path, 1) as writer:
        writer.write(ROWS[2])
        writer.write(ROWS[2])
    lines = path.read_text("utf-8").splitlines()
    assert lines[2] == lines[3]
    assert lines[2].split()[0] == "photos/cat2.jpg"


def test_table_in_colour_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    pty = pytest.importorskip("pty")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    leader, follower = pty.openpty()
    with open(leader, "rb"), open(follower, "w") as terminal:
        table = Table(terminal, 5)
        assert "\x1b[36" in table.row(ROWS[0])
        assert "\x1b[31mphotos/bad.jpg is damaged" in table.row(ROWS[1])


def test_long_paths_lose_their_beginning() -> None:
    path = "/home/anna/pictures/2024/crete/cat.jpg"
    assert shortened(path, 38) == path
    assert shortened(path, 37) == "…/anna/pictures/2024/crete/cat.jpg"
    assert shortened(path, 10) == "…/cat.jpg"
    assert shortened(path, 6) == "…t.jpg"
    assert shortened("写真/猫の写真.jpg", 12) == "…の写真.jpg"


def test_names_cannot_drive_the_terminal(tmp_path: Path) -> None:
    assert printable("a\x1b[2Jb\n\udce9é猫") == r"a\x1b[2Jb\n\udce9é猫"
    row = Row("\x1b[2J.jpg", "[red]m[/red]\x1b", predictions=(Prediction("\r[bold]cat[/bold]\x9b", 0, 1.0),))
    text = written("table", "predictions", [row], tmp_path / "rows.txt").read_text("utf-8")
    assert all(c.isprintable() or c == "\n" for c in text)
    assert "[bold]cat[/bold]" in text
    assert "[red]m[/red]" in text


def test_sets_begin_with_what_is_unknown(tmp_path: Path) -> None:
    path = written("table", "predictions", SETS, tmp_path / "rows.txt", sets=True)
    lines = [line.split() for line in path.read_text("utf-8").splitlines()[2:] if line.strip()]
    assert [line[0] for line in lines[:2]] == ["photos/cat.jpg", "tabby"]
    assert lines[2] == ["photos/odd.jpg", "no", "class"]
    assert lines[3] == ["photos/ufo.jpg", "unknown"]
    assert lines[4][:2] == ["Egyptian", "cat"], "the photo is named once"
    assert lines[5] == ["photos/new.jpg", "unknown"]
