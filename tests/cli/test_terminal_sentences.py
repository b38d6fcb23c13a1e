"""Sentences that a newcomer meets on a terminal of 60 columns: one each, and what is counted."""

import re
from pathlib import Path

import pytest
from helpers import forked
from helpers.command import run
from helpers.dataset_photos import png
from helpers.terminals import lines_of, on_terminal
from PIL import Image
from rich.cells import cell_len

from inception_hub.cli.app import VERBS

COLUMNS = 60
# What is asked for, and how the one line ends; PHOTOS, ROWS and GRAPH are there.
REFUSED = {
    "clasify PHOTOS": "No such command 'clasify'; did you mean 'classify'? See inception-hub --help.",
    "classify PHOTOS --top x": "--top is 'x'; give a whole number; see inception-hub classify --help.",
    "classify PHOTOS -o x.csv --format jsonl": "--format is jsonl; let them agree, or leave --format out.",
    "embed PHOTOS -o x.xlsx": "let it end in .jsonl, .csv, .parquet, .npy or .npz, or give --format.",
    "classify PHOTOS --module PHOTOS": "holds photos and no module; give a module, such as tiny_imagenet.",
    "classify PHOTOS --module PHOTOS/0.png": "0.png' is a photo; give a module, such as tiny_imagenet.",
    "convert GRAPH x": "give the module it was exported from, or an export in another format.",
    "classify PHOTOS --module MODULE --top 3 -o ROWS --resume": (
        "holds predictions made with top 2, not 3; resume with what made them, or give another --output."
    ),
    "export MODULE ROWS --to onnx": "choose another path, or replace it with --force (force=True).",
    "convert MODULE ROWS": "exists and is left as it is; give another name or remove it first.",
    "cache rm 0": "0 modules in the cache have a key that begins with '0'; see inception-hub cache ls.",
}


@pytest.fixture(scope="module")
def places(small_module: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """What is there; every command leaves it as it is."""
    folder = tmp_path_factory.mktemp("places")
    photos, rows, graph = folder / "photos", folder / "rows.csv", folder / "graph"
    photos.mkdir()
    for number in range(3):
        (photos / f"{number}.png").write_bytes(png(number))
    command = ("classify", photos, "--module", small_module, "--top", "2", "--output", rows)
    assert forked.run(*command).returncode == 0
    graph.mkdir()
    (graph / "inception_v2.xml").touch()
    return {"PHOTOS": photos, "MODULE": small_module, "ROWS": rows, "GRAPH": graph}


@pytest.mark.parametrize("command", REFUSED)
def test_what_is_refused_is_one_sentence(command: str, places: dict[str, Path]) -> None:
    asked = [re.sub("[A-Z]+", lambda name: str(places.get(name[0], name[0])), w) for w in command.split()]
    status, shown = on_terminal(*asked, columns=COLUMNS, kind="xterm")
    (line,) = lines_of(shown)
    assert status == 2 and line.startswith("inception-hub: ") and line.endswith(REFUSED[command])


@pytest.mark.parametrize("columns", ["80", "60"])
def test_every_help_fits_and_ends_with_an_example(
    columns: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    for verb, example in VERBS:
        code, out, _ = run(capsys, verb.__name__, "--help")
        *lines, last = out.rstrip().splitlines()
        assert code == 0 and max(map(cell_len, lines)) <= int(columns), verb.__name__
        assert last == f"  Example: {example}", "to be copied, whatever the width"


def test_what_is_not_read_or_measured_is_counted(photos: Path, small_module: Path, tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / "data" / name).mkdir(parents=True)
        Image.open(photos / "0.png").save(tmp_path / "data" / name / "0.png")
    for ending in (".mov", ".mov", ".xyz"):
        (tmp_path / "data" / "a" / f"{len(list(tmp_path.rglob('*')))}{ending}").touch()
    (tmp_path / "data" / "c").mkdir()
    (tmp_path / "data" / "b" / "0.png").write_bytes(b"no photo")
    files = "3 files are not read, being no photos by their names: 2 .mov, 1 .xyz."
    status, shown = on_terminal("evaluate", small_module, tmp_path / "data", columns=COLUMNS, kind="xterm")
    told = " ".join(lines_of(shown))
    assert status == 1 and told.count(files) == told.count("1 folder holds no photo: c.") == 1
    assert told.count("No photo of b can be read.") == told.count("is no readable image") == 1
    assert "small on 1 photo of data" in told and "train" not in told
    status, shown = on_terminal(
        "classify", tmp_path / "data", "--module", small_module, columns=COLUMNS, kind="xterm"
    )
    assert status == 1 and " ".join(lines_of(shown)).count(files) == 1


def test_facts_and_the_cache_fit(small_module: Path) -> None:
    status, shown = on_terminal("info", small_module, columns=COLUMNS)
    lines = lines_of(shown)
    assert status == 0 and max(map(cell_len, lines)) <= COLUMNS and "None" not in shown
    for verb, said in (("ls", "There is no module in "), ("gc", "There was nothing to remove.")):
        status, shown = on_terminal("cache", verb, columns=COLUMNS)
        assert status == 0 and lines_of(shown)[0].startswith(said)
