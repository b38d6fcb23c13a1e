"""Closed streams, signals in the first second, hostile names: `terminal.py [--signals N] [--write-docs]`.

Every case is the command line in a process of its own, as a shell starts it. Names are of photos, half of
them damaged, and of classes; what a terminal is sent must be text alone, and every line of CSV and JSON
printable and no formula.
"""

import argparse
import csv
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import rows
import trials  # noqa: F401 - makes the tests' helpers importable
from helpers.terminals import on_terminal
from PIL import Image

from inception_hub import bundle, weights
from inception_hub.architecture import Architecture
from inception_hub.labels import Labels
from inception_hub.system.text import FORMULA_STARTS, text_path

PROGRAM = [sys.executable, "-m", "inception_hub"]
OUTPUTS = ("", ">&-", "> /dev/full", "| true")
ERRORS = ("", "2>&-", "2> /dev/full")
INPUTS = ("", "<&-", "< /dev/full")
BEGUN = re.compile(r"inception_hub/cli/__init__\.py\", line \d+, in main")  # in a traceback
# What hostile names are made of, beside letters: controls of both kinds, terminal sequences, line and
# paragraph ends, marks that turn the writing round, formulas, markup, bytes that are no text.
PIECES = [chr(n) for n in [*range(1, 32), *range(127, 160), 0x2028, 0x2029, 0x202E, 0x2066, 0xFEFF, 0xDCFF]]
PIECES += ["\x1b[2J", "\x1b]0;x\x07", "\x1b[?1049h", "\x9b5n", "\r\n", "[red]", "[b]", "{}", "%s", "é", "猫"]


def make(folder: Path) -> None:
    """A module, and photos with hostile names."""
    architecture = Architecture(0.25, 8)
    names = [" ".join(f"{n}{hostile_name()}".splitlines()).replace("\t", " ") for n in range(8)]
    labels = Labels(tuple(name.encode("utf-8", "ignore").decode() for name in names), (None,) * 8)
    made = weights.initialise(architecture, 0)
    written = bundle.Bundle("small", architecture, made, labels, bundle.Provenance("random"), (64, 64))
    bundle.write(written, folder / "module")
    photos = folder / "photos"
    photos.mkdir()
    pixels = np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8)
    Image.fromarray(pixels).save(folder / "photo.png")
    content = (folder / "photo.png").read_bytes()
    for number in range(300):
        name = os.fsencode(f"{random.choice(FORMULA_STARTS)}{hostile_name()}{number}.png")
        path = os.path.join(os.fsencode(photos), name)
        Path(os.fsdecode(path)).write_bytes(content[: 60 + number % 2 * 5000])


def hostile_name() -> str:
    pieces = random.choices(PIECES, k=random.randrange(1, 9))
    return "".join(piece for piece in pieces if piece not in "/\0")


def closed_streams(folder: Path) -> rows.Row:
    """Every verb that needs no training, under every combination of the shell's redirections."""
    verbs = ["--help", "--nonsense", "info MODULE", "info MODULE --json", "info nowhere", "cache ls"]
    verbs += ["classify - --module MODULE", "convert MODULE OUT", "classify nowhere --module MODULE"]
    formats = ("table", "jsonl", "csv", "parquet")
    verbs += [f"classify PHOTO --module MODULE --format {format}" for format in formats]
    verbs += ["embed PHOTO --module MODULE", "explain PHOTO --module MODULE --output OUT"]
    verbs += ["classify PHOTO --module MODULE --output OUT --format jsonl"]
    tried = good = refused = 0
    for verb in verbs:
        for redirections in ((i, o, e) for i in INPUTS for o in OUTPUTS for e in ERRORS):
            tried += 1
            out = folder / f"out{tried}"
            command = verb.replace("MODULE", str(folder / "module")).replace(
                "PHOTO", str(folder / "photo.png")
            )
            line = " ".join([*PROGRAM, command.replace("OUT", str(out)), redirections[0]])
            line += f" {redirections[2]} {redirections[1]}"
            done = subprocess.run(
                ["bash", "-o", "pipefail", "-c", line], capture_output=True, stdin=subprocess.DEVNULL
            )
            said = done.stderr.decode()
            clean = not any(word in said for word in ("Traceback", "Exception", "rror:"))
            nothing = out.exists() and out.is_file() and not out.stat().st_size
            if not clean or nothing or done.returncode not in (0, 1, 2):
                print(f"{line}: {done.returncode} {said[-300:]}", file=sys.stderr)
            elif done.returncode == 0:
                good += 1
            else:
                refused += 1
    return rows.Row("verbs x closed, full and left streams", tried, good, refused)


def early_signals(folder: Path, signals: int) -> tuple[list[rows.Row], int]:
    """Each verb ended within its first second, and how often Python complained before our first line."""
    verbs = {
        "`--help`": ["--help"],
        "`info`": ["info", str(folder / "module")],
        "`classify`": ["classify", str(folder / "photo.png"), "--module", str(folder / "module")],
        "`finetune`": ["finetune", str(folder), "--output", str(folder / "never")],
    }
    found, before = [], 0
    for name, arguments in verbs.items():
        finished = ended = own = 0
        for number in range(signals):
            ending = (signal.SIGINT, signal.SIGTERM)[number % 2]
            process = subprocess.Popen([*PROGRAM, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            time.sleep(random.uniform(0, 1))
            process.send_signal(ending)
            said = process.communicate()[1].decode()
            if "Traceback" in said and not BEGUN.search(said):
                own += 1  # `main` had not begun
            elif "Traceback" in said or "Exception" in said:
                print(f"{arguments}: {process.returncode} {said[-500:]}", file=sys.stderr)
            elif process.returncode in (-ending, 128 + ending):
                ended += 1
            elif process.returncode in (0, 2):
                finished += 1
            else:
                print(f"{arguments}: {process.returncode} {said[-500:]}", file=sys.stderr)
        found.append(rows.Row(f"signals to {name}, first second", signals, finished, ended + own))
        before += own
    return found, before


def hostile_names(folder: Path) -> list[rows.Row]:
    """Rows of all photos by every writer, on a terminal and in files."""
    photos, module = str(folder / "photos"), str(folder / "module")
    count = len(list((folder / "photos").iterdir()))
    verbs = {
        "`classify`, table": ["classify", photos, "--module", module],
        "`classify`, JSON lines": ["classify", photos, "--module", module, "--format", "jsonl"],
        "`classify`, CSV": ["classify", photos, "--module", module, "--format", "csv"],
        "`embed`, JSON lines": ["embed", photos, "--module", module],
        "`explain`": ["explain", photos, "--module", module, "--output", str(folder / "pictures")],
    }
    found = []
    for name, arguments in verbs.items():
        lines = on_terminal(*arguments)[1].split("\r\n")
        bad = [line for line in lines if not line.replace("\N{NO-BREAK SPACE}", " ").isprintable()]
        for line in bad[:5]:
            print(f"{name}: {line!r}", file=sys.stderr)
        found.append(rows.Row(f"hostile names on a terminal: {name}", count, count - len(bad), 0))
    for format in ("csv", "jsonl"):
        target = folder / f"rows.{format}"
        arguments = ["classify", photos, "--module", module, "--format", format, "--output", str(target)]
        subprocess.run([*PROGRAM, *arguments], stderr=subprocess.DEVNULL)
        lines = target.read_text("utf-8").split("\n")[:-1]
        if format == "csv":
            cells = [cell for line in csv.reader(lines) for cell in line]
            bad = [cell for cell in cells if not cell.isprintable() or cell.startswith(tuple(FORMULA_STARTS))]
        else:
            there = {os.fsencode(text_path(json.loads(line)["path"])) for line in lines}
            bad = [line for line in lines if not line.isprintable()]
            bad += ["a path"] * len(there ^ {os.fsencode(path) for path in (folder / "photos").iterdir()})
        for line in bad[:5]:
            print(f"{format}: {line!r}", file=sys.stderr)
        found.append(rows.Row(f"hostile names in a file: {format}", count, count - len(bad), 0))
    return found


def main(signals: int, write_docs: bool) -> None:
    random.seed(0)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        make(folder)
        signalled, before = early_signals(folder, signals)
        found = [closed_streams(folder), *signalled, *hostile_names(folder)]
    note = (
        "Clean error: one sentence, or an end by the signal without a word. Of the signals "
        f"{before} came before the command line had begun: then Python shows a traceback of its own."
    )
    rows.report("terminal", found, note, write_docs=write_docs)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--signals", type=int, default=200, help="for each verb")
    parser.add_argument("--write-docs", action="store_true")
    given = parser.parse_args()
    main(given.signals, given.write_docs)
