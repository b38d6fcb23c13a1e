"""The journal: what is written before a step, read back whole, refused where it is another's."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from inception_hub.errors import FormatError, OutputError
from inception_hub.organising.journal import Entry, Journal

SETTINGS = {"module": "m", "least": 0.5}
ENTRY = Entry(1, "/photos/a.jpg", "cat/a.jpg", "copy", "0" * 64, "cat", 0.75, ("cat", "feline"))


def lines(into: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (into / "organised.jsonl").read_text().splitlines()]


def test_an_entry_is_on_the_disk_when_it_is_intended(tmp_path: Path) -> None:
    into = tmp_path / "a" / "sorted"
    with Journal(into, SETTINGS) as journal:
        assert journal.made_folder and journal.last == 0
        journal.intend(ENTRY)
        assert lines(into)[1]["photo"] == "/photos/a.jpg"
        journal.intend(replace(ENTRY, id=2, to="cat/a-2.jpg", keywords=()))
        journal.done(ENTRY)
    with Journal(into, SETTINGS) as journal:
        assert journal.last == 2
        states = {entry.id: (entry, state) for entry, state in journal.entries()}
        assert states[1] == (ENTRY, "done") and states[2][1] == "open"
        journal.undone(ENTRY)
        assert [state for _, state in journal.entries()] == ["undone", "open"]
    assert len(lines(into)) == 5


@pytest.mark.parametrize("torn", [b'{"id": 3, "pho', b"\0" * 100, b'{"done"', b'"text"\n', b"[]\n"])
def test_a_line_that_a_power_cut_tore_is_cut_off(torn: bytes, tmp_path: Path) -> None:
    with Journal(tmp_path, SETTINGS) as journal:
        journal.intend(ENTRY)
    whole = (tmp_path / "organised.jsonl").read_bytes()
    (tmp_path / "organised.jsonl").write_bytes(whole + torn)
    with Journal(tmp_path, None) as journal:
        assert [state for _, state in journal.entries()] == ["open"]
        journal.done(ENTRY)
    assert (tmp_path / "organised.jsonl").read_bytes() == whole + b'{"done": 1}\n'


def head(**changed: Any) -> str:
    return json.dumps({"organised": 1, "made": True, "settings": SETTINGS} | changed) + "\n"


def entry(**changed: Any) -> str:
    kept = vars(ENTRY) | changed
    return json.dumps({name: value for name, value in kept.items() if value is not None}) + "\n"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "mine\n",
        head(organised=2),
        head(settings=3),
        head() + "mine\n" + entry(),
        head() + entry(to="../a.jpg"),
        head() + entry(to="cat/../../a.jpg"),
        head() + entry(to="/etc/a.jpg"),
        head() + entry(to="a.jpg"),
        head() + entry(to="cat/.."),
        head() + entry(to="cat/"),
        head() + entry(photo="a.jpg"),
        head() + entry(photo="/a\0.jpg"),
        head() + entry(photo="/\ud800.jpg"),
        head() + entry(to="cat/\ud800.jpg"),
        head() + entry(photo=3),
        head() + entry(how="delete"),
        head() + entry(id="1"),
        head() + entry(id=True),
        head() + entry(sha256=None),
        head() + entry(more="x"),
        head() + entry(keywords="cat"[:0] or None),
        head() + entry(how="move", photo="/home/me/.bashrc"),
        head() + entry(how="move", photo="/home/me/x.desktop", to="cat/x.desktop"),
        head() + '{"done": [1]}\n',
        head() + '{"undone": {"x": 1}}\n',
        head() + '{"done": 1}\n',
        head() + entry() + '{"done": 2}\n',
        head() + entry() + '{"undone": 0}\n',
        head() + entry() + entry(),
        head() + entry(id=2),
    ],
)
def test_what_is_none_of_ours_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "organised.jsonl").write_text(text)
    for settings in (SETTINGS, None):
        with pytest.raises(FormatError, match="is no journal of organise, for .* that organise made"):
            Journal(tmp_path, settings)
    assert (tmp_path / "organised.jsonl").read_text() == text


def test_a_folder_of_others_or_with_other_settings_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine").touch()
    with pytest.raises(OutputError, match="is not empty and holds no organised.jsonl; give a new or empty"):
        Journal(tmp_path, SETTINGS)
    with pytest.raises(OutputError, match="holds no organised.jsonl; give a folder that organise made"):
        Journal(tmp_path, None)
    (tmp_path / "link").mkdir()
    (tmp_path / "link" / "organised.jsonl").symlink_to(tmp_path / "mine")
    with pytest.raises(FormatError, match="it is no file"):
        Journal(tmp_path / "link", SETTINGS)
    with (
        Journal(tmp_path / "new", SETTINGS),
        pytest.raises(OutputError, match="new is being written by another process; wait"),
    ):
        Journal(tmp_path / "new", SETTINGS)
    with Journal(tmp_path / "new", SETTINGS) as journal:
        journal.intend(ENTRY)
    with pytest.raises(OutputError, match="was organised with least 0.5, not 0.8; give the same, or"):
        Journal(tmp_path / "new", SETTINGS | {"least": 0.8})
    with pytest.raises(OutputError, match="cannot be written"):
        Journal(tmp_path / "mine" / "below", SETTINGS)
    (tmp_path / "new" / "organised.jsonl").write_text(head(settings={"\x1b[2J": ["\x1b[2J" * 99]}))
    with pytest.raises(OutputError, match="was organised with module None, not m"):
        Journal(tmp_path / "new", SETTINGS)
    with pytest.raises(OutputError, match=r"was organised with \\x1b\[2J \[.\\\\x1b|x1b") as caught:
        Journal(tmp_path / "new", {})
    assert str(caught.value).isprintable() and len(str(caught.value)) < 500


def test_nothing_is_left_of_a_run_that_placed_nothing(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    for folder in (tmp_path / "new", tmp_path / "mine"):
        with Journal(folder, SETTINGS):
            assert (folder / "organised.jsonl").exists()
        with Journal(folder, {**SETTINGS, "least": 0.8}):
            pass
    assert [path.name for path in tmp_path.iterdir()] == ["mine"] and not list((tmp_path / "mine").iterdir())


def test_a_dry_journal_makes_nothing(tmp_path: Path) -> None:
    with Journal(tmp_path / "new", SETTINGS, dry=True) as journal:
        assert list(journal.entries()) == []
    assert not list(tmp_path.iterdir())
    with Journal(tmp_path / "old", SETTINGS) as journal:
        journal.intend(ENTRY)
        with Journal(tmp_path / "old", SETTINGS, dry=True) as dry:
            assert [state for _, state in dry.entries()] == ["open"]
    with pytest.raises(OutputError, match="with module m, not other"):
        Journal(tmp_path / "old", SETTINGS | {"module": "other"}, dry=True)


def test_what_a_killed_beginning_left_does_not_count(tmp_path: Path) -> None:
    (tmp_path / ".organised.jsonl.0123456789abcdef.partial").mkdir()
    with Journal(tmp_path, SETTINGS) as journal:
        assert not journal.made_folder
        journal.intend(ENTRY)
    assert [path.name for path in tmp_path.iterdir()] == ["organised.jsonl"]
