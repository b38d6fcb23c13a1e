"""Two runs with one output: the second is told at once, by the same sentence, whatever the verb."""

import os
import shutil
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from helpers.colour_photos import write_colour_photos
from helpers.command import run
from helpers.terminals import lines_of, on_terminal

from inception_hub.output.writers import open_writer
from inception_hub.system.outputs import claimed, held

pytestmark = pytest.mark.skipif(os.name != "posix", reason="there are locks on POSIX systems only")
COMMANDS = {
    "finetune": "finetune PHOTOS --module MODULE --output OUT",
    "train": "train tiny-imagenet PHOTOS --output OUT",
    "convert": "convert MODULE OUT",
    "convert, by size": "convert MODULE OUT --depth-multiplier 0.25",
    "export": "export MODULE OUT --to openvino",
    "export --force": "export MODULE OUT --to openvino --force",
    "evaluate": "evaluate MODULE PHOTOS --report OUT",
    "inspect": "inspect PHOTOS --module MODULE --report OUT",
    "inspect --decisions": "inspect PHOTOS --module MODULE --decisions OUT",
    "gallery": "classify PHOTOS --module MODULE --gallery OUT",
    "explain": "explain PHOTOS --module MODULE --output OUT",
    "organise": "organise PHOTOS --module MODULE --into OUT",
    "organise --undo": "organise --undo OUT",
    "quantize": "quantize OUT --calibrate PHOTOS",
    "classify csv": "classify PHOTOS --module MODULE --format csv --output OUT",
    "classify jsonl": "classify PHOTOS --module MODULE --format jsonl --resume --output OUT",
    "classify table": "classify PHOTOS --module MODULE --format table --output OUT",
    "classify parquet": "classify PHOTOS --module MODULE --format parquet --output OUT",
    "embed parquet": "embed PHOTOS --module MODULE --format parquet --resume --output OUT",
    "embed npz": "embed PHOTOS --module MODULE --format npz --output OUT",
}


def first_run(name: str, output: Path, module: Path) -> AbstractContextManager[object]:
    """What the first run of a command holds while it computes."""
    verb, _, format = name.partition(" ")
    if verb in ("classify", "embed"):
        kind = "predictions" if verb == "classify" else "vector"
        writer: AbstractContextManager[object] = open_writer(format, kind, output, 5)  # pyright: ignore
        return writer
    if verb == "quantize":
        shutil.copytree(module, output)
    if name == "organise --undo":
        output.mkdir()
        (output / "organised.jsonl").touch()
    return held(output) if verb in ("explain", "organise", "quantize") else claimed(output)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_second_is_refused_before_anything_is_computed(
    name: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, small_module: Path
) -> None:
    photos, output = write_colour_photos(tmp_path / "photos"), tmp_path / "out"
    places = {"PHOTOS": photos, "MODULE": small_module, "OUT": output}
    command = [places.get(word, word) for word in COMMANDS[name].split()]
    with first_run(name, output, small_module):
        before = sorted(tmp_path.rglob("*"))
        code, out, err = run(capsys, *command)
        assert (code, out) == (2, "")
        assert err == (
            f"inception-hub: {output} is being written by another process; wait for it or stop it.\n"
        )
        assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("name", ["finetune", "export", "classify parquet"])
def test_a_terminal_shows_that_sentence_alone(name: str, tmp_path: Path, small_module: Path) -> None:
    photos, output = write_colour_photos(tmp_path / "photos"), tmp_path / "out"
    places = {"PHOTOS": photos, "MODULE": small_module, "OUT": output}
    with first_run(name, output, small_module):
        code, shown = on_terminal(*(places.get(word, word) for word in COMMANDS[name].split()), columns=60)
    assert code == 2 and lines_of(shown) == [
        f"inception-hub: {output} is being written by another process; wait for it or stop it."
    ]
