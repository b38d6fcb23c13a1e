"""Hostile names on a terminal, of files, classes and modules, by every verb: nothing moves the cursor."""

import os
from pathlib import Path

import numpy as np
import pytest
from helpers.forked import ANSWERING, TRAINING
from helpers.terminals import on_terminal
from PIL import Image

from inception_hub import bundle
from inception_hub.architecture import Architecture
from inception_hub.labels import Labels
from inception_hub.weights import initialise

# Clears the screen, sets the title, ends the line, turns the writing round; a formula; markup of rich's.
HOSTILE = "=\x1b[2J\x1b]0;gone\x07\r\n\u202e\x9b1m[red]"
CLASSES = tuple(f"{number}{HOSTILE}".replace("\r\n", "") for number in range(3))  # one line each


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`photos`: two good ones and a damaged one; `data`: a folder of photos for each class; `module`."""
    folder = tmp_path_factory.mktemp("folder") / HOSTILE
    generator = np.random.default_rng(0)
    for place in ("photos", *(f"data/{name}" for name in CLASSES)):
        (folder / place).mkdir(parents=True)
        for number in range(4):
            pixels = generator.integers(0, 256, (40, 40, 3), np.uint8)
            Image.fromarray(pixels).save(folder / place / f"{number}{HOSTILE}.png")
        os.truncate(folder / place / f"3{HOSTILE}.png", 100)
    architecture = Architecture(0.25, 3)
    bundle.write(
        bundle.Bundle(
            "names",
            architecture,
            initialise(architecture, 0),
            Labels(CLASSES, (None,) * 3),
            bundle.Provenance("random numbers"),
            image_size=(64, 64),
            accuracy=({"data": "[bold]none[/bold]", "top1": 0.5},),
        ),
        folder / "module",
    )
    return folder


VERBS: dict[str, tuple[int, tuple[str, ...]]] = {
    "classify": (1, ("PHOTOS", "--module", "MODULE")),
    "classify jsonl": (1, ("PHOTOS", "--module", "MODULE", "--format", "jsonl")),
    "classify csv": (1, ("PHOTOS", "--module", "MODULE", "--format", "csv")),
    "classify gallery": (1, ("PHOTOS", "--module", "MODULE", "--gallery", "OUT")),
    "classify nothing": (2, ("NOWHERE", "--module", "MODULE")),
    "embed": (1, ("PHOTOS", "--module", "MODULE")),
    "embed csv": (1, ("PHOTOS", "--module", "MODULE", "--format", "csv")),
    "explain": (1, ("PHOTOS", "--module", "MODULE", "--output", "OUT")),
    "info": (0, ("MODULE",)),
    "info json": (0, ("MODULE", "--json")),
    "info nothing": (2, ("NOWHERE",)),
    "pull": (2, ("NOWHERE",)),
    "convert": (0, ("MODULE", "OUT")),
    "export": (0, ("MODULE", "OUT", "--to", "onnx")),
    "evaluate": (1, ("MODULE", "DATA", "--report", "OUT")),
    "evaluate json": (1, ("MODULE", "DATA", "--json")),
    "inspect": (0, ("DATA", "--module", "MODULE", "--report", "OUT")),
    "inspect json": (0, ("DATA", "--module", "MODULE", "--json")),
    "quantize": (2, ("MODULE", "--calibrate", "NOWHERE")),
    "finetune": (0, ("DATA", "--module", "MODULE", "--output", "OUT", "--phases", "head", "--epochs", "1")),
    "train": (2, ("NOWHERE", "DATA", "--output", "OUT")),
    "bench": (2, ("--module", "MODULE", "--photos", "NOWHERE")),
    "push": (2, ("NOWHERE", "owner/name")),
    "cache ls": (0, ("ls",)),
    "serve": (2, ("--module", "NOWHERE", "--port", "0")),
    "serve limit": (2, ("--limit", "NOWHERE")),
}


@pytest.mark.parametrize("verb", VERBS)
def test_a_terminal_is_sent_nothing_but_text(
    verb: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INCEPTION_HUB_CACHE", str(tmp_path / "cache"))
    places = {"PHOTOS": "photos", "DATA": "data", "MODULE": "module", "NOWHERE": f"nowhere{HOSTILE}"}
    paths = {**{name: folder / place for name, place in places.items()}, "OUT": tmp_path / f"out{HOSTILE}"}
    status, given = VERBS[verb]
    imported = TRAINING if verb in ("finetune", "train") else ANSWERING
    code, shown = on_terminal(verb.split()[0], *(paths.get(each, each) for each in given), imported=imported)
    assert "Traceback" not in shown
    bad = {c for line in shown.split("\r\n") for c in line if not c.isprintable()} - {"\N{NO-BREAK SPACE}"}
    assert (code, bad) == (status, set()), shown
    assert "[/bold]" in shown or verb != "info"
