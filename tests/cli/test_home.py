"""`~` in quotes or after `=`, where no shell expands it: every verb writes to the home folder."""

from pathlib import Path

import pytest
from helpers.command import run
from helpers.exports import compare_one_shape

import inception_hub as hub

WRITTEN = {
    "classify ~/photos/0.png --module MODULE -o ~/new/rows.csv": "rows.csv",
    "classify ~/photos/*.png --module MODULE --format jsonl --output=~/new/rows.jsonl": "rows.jsonl",
    "classify ~/photos --module MODULE --gallery=~/new/page.html": "page.html",
    "embed ~/photos --module MODULE --output ~/new/vectors.npz": "vectors.npz",
    "explain ~/photos/0.png --module MODULE --output=~/new": "0.png",
    "organise ~/photos --module MODULE --into ~/new --least 1": "unsure",
    "convert MODULE ~/new/module": "module",
    "export MODULE ~/new/exported --to module": "exported",
    "evaluate MODULE ~/classes --report=~/new/report.html": "report.html",
    "inspect ~/classes --module MODULE --report ~/new/page.html": "page.html",
    "inspect ~/classes --module MODULE --decisions=~/new/decisions.csv": "decisions.csv",
}


@pytest.fixture
def home(photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    photos.rename(folder / "photos")
    for name in ("a", "b"):
        (folder / "classes" / name).mkdir(parents=True)
        (folder / "classes" / name / "0.png").write_bytes((folder / "photos" / "0.png").read_bytes())
    monkeypatch.setenv("HOME", str(folder))
    compare_one_shape(monkeypatch)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    return folder


@pytest.mark.parametrize("command", WRITTEN)
def test_it_is_the_home_folder(
    command: str, capsys: pytest.CaptureFixture[str], home: Path, small_module: Path
) -> None:
    words = [str(small_module) if word == "MODULE" else word for word in command.split()]
    code, _, err = run(capsys, *words)
    assert code == 0, err
    assert (home / "new" / WRITTEN[command]).exists() and not list(Path.cwd().iterdir())


def test_functions_have_it_too(home: Path, small_module: Path) -> None:
    hub.convert(small_module, "~/new/module")
    hub.export("~/new/module", "~/new/exported", "module")
    hub.Module("~/new/exported").export("~/new/third")
    hub.evaluate("~/new/third", "~/classes", report="~/new/report.html")
    assert hub.organise("~/photos", "~/new/sorted", "~/new/third", least=1).placed == 3
    assert hub.undo_organise("~/new/sorted").back == 3
    assert {path.name for path in (home / "new").iterdir()} == {"module", "exported", "third", "report.html"}
    assert not list(Path.cwd().iterdir())
