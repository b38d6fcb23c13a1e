"""Damaged and hostile files beside photos and modules, for the table of docs/reliability.md.

    python benchmarks/reliability/records.py [--mutations 2000] [--only exports] [--write-docs]

Vectors, rows to resume, settings, recipes, journals, decisions, exports, and what a run keeps for the next:
each verb must end with what is right, or with an error of ours. record_files.py makes the files,
record_damage.py damages them, record_bombs.py has those that ask for much.
"""

import argparse
import functools
import io
import json
import math
import os
import random
import tempfile
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
import record_files
from modules import folder as small_module
from record_bombs import bombs
from record_damage import damaged
from record_files import DATA, LENGTH, ROWS, SETTINGS, Case
from rows import Row, report
from trials import clean, run

from helpers import organised  # isort: skip - `trials` makes it importable


@functools.cache
def module() -> Any:
    from inception_hub import Module

    return Module(small_module()[1])


def compared(folder: Path) -> None:
    """`similar --among`: the most similar photos by a file of vectors."""
    from inception_hub import similar

    (path,) = (path for path in folder.iterdir() if not path.name.startswith("."))
    (row,) = similar(np.zeros((32, 32, 3), np.uint8), path, module=module())
    assert all(math.isfinite(each.similarity) for each in row.similar or ())


def searched(folder: Path) -> None:
    """`similar --among`: a folder of photos, with vectors that were kept in it."""
    from inception_hub import similar

    (row,) = similar(np.zeros((32, 32, 3), np.uint8), folder, module=module())
    assert {Path(each.path).name for each in row.similar or ()} == {"0.png", "1.png"}


def resumed(folder: Path) -> None:
    """`--resume`: once all photos have their rows, resuming changes nothing."""
    from inception_hub.output.writers import open_writer

    (path,) = (path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    kind, sets, format = path.stem.split("-")[0], "sets" in path.stem, path.suffix[1:]
    contents = []
    for _ in range(2):
        options: Any = {"sets": sets, "resume": True, "settings": SETTINGS}
        with open_writer(format, kind, path, LENGTH, **options) as writer:  # type: ignore[arg-type]
            left = [row for row in ROWS[path.stem] if not writer.done.take(row.path)]
            for row in left:
                writer.write(row)
        contents.append((path.read_bytes(), len(writer.done) + len(left)))
    assert contents[0] == contents[1], "a row is there twice, or not at all"


def configured(folder: Path) -> None:
    """`--config`, as it is shown, and as a verb takes it."""
    from inception_hub.cli.app import run as command
    from inception_hub.errors import InceptionHubError

    ends = []
    os.chdir(folder)  # where a file that is named is written
    for verb in (["settings", "--json"], ["classify", "nothing"], ["evaluate", "nothing", "nothing"]):
        said = io.StringIO()
        with redirect_stdout(io.TextIOWrapper(io.BytesIO())), redirect_stderr(said):
            try:
                command(["--config", str(folder / "settings.toml"), *verb])
            except SystemExit as end:
                ends.append(end.code)
        assert all(line.isprintable() for line in said.getvalue().split("\n")), said.getvalue()
    assert ends[0] in (0, 2) and ends[1:] == [2, 2], ends
    if ends[0] == 2:
        raise InceptionHubError(said.getvalue().strip())


def followed(folder: Path) -> None:
    """`train --recipe`."""
    from inception_hub.training.recipe_file import open_recipe

    recipe = open_recipe(str(folder / "recipe.toml"))
    assert recipe.batch_size >= 2 and recipe.epochs and json.dumps(recipe.name)


def undone(folder: Path) -> None:
    """`organise --undo`: no byte is lost, and nothing else is touched."""
    from inception_hub import undo_organise

    (path,) = folder.iterdir()
    how: Any = path.stem
    organised.make_photos(folder)
    (folder / "mine.txt").write_text("mine")
    organised.organise(folder, how, xmp=True)
    content = record_files.rooted(path.read_bytes(), folder)
    (folder / "sorted" / "organised.jsonl").write_bytes(content)
    try:
        undo_organise(folder / "sorted")
    finally:
        left = [path.read_bytes() for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
        assert {b"mine", *(content for content, _ in organised.PHOTOS.values())} <= set(left), "lost"


def excluded(folder: Path) -> None:
    """`finetune --exclude`: a file of decisions."""
    from inception_hub.inspection.decisions import without_excluded

    (path,) = folder.iterdir()
    left = without_excluded(record_files.labelled(), path).splits["train"]
    assert set(left.photos.names[row] for row in left.rows) <= {f"{n}.png" for n in range(12)}  # type: ignore


def converted(folder: Path) -> None:
    """`convert`: an export of ours."""
    from inception_hub.sources.convert import convert_files

    (path,) = folder.iterdir()
    bundle = convert_files(path)
    assert all(np.isfinite(array).all() for array in bundle.weights.values())


def opened(folder: Path) -> None:
    """A data set: the descriptions of what `save_to_disk` wrote, and lists of classes."""
    from inception_hub.data import open_dataset

    dataset = open_dataset(folder, to_train=False)
    for split in dataset.splits.values():
        assert all(isinstance(split.name(row), str) for row in range(len(split)))
        assert split.classes.max() < len(dataset.labels)


def continued(folder: Path) -> None:
    """`finetune` and `train`: what an interrupted run left, each part as the run would have made it."""
    record_files.continue_run(folder)


READERS: dict[str, Callable[[Path], None]] = {
    each.__name__: each
    for each in (compared, searched, resumed, configured, followed, undone, excluded, converted, opened,
                 continued)
}  # fmt: skip


def right_or_refused(case: Case) -> bool:
    reader, files = case

    def read() -> None:
        with tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as place:
            for name, content in files.items():
                (Path(place) / name).parent.mkdir(parents=True, exist_ok=True)
                (Path(place) / name).write_bytes(content)
            READERS[reader](Path(place))

    os.environ["INCEPTION_HUB_CACHE"] = str(small_module()[1].parent / "cache")
    try:
        return clean(read)
    finally:
        os.chdir("/")


def mutations(cases: Iterator[Case], count: int) -> Iterator[Case]:
    """Every case as it is, and with one of its files damaged; `count` in all."""
    kinds, generator = list(cases), random.Random(0)
    yield from kinds
    for number in range(count - len(kinds)):
        reader, files = kinds[number % len(kinds)]
        name = generator.choice([name for name in files if not name.endswith(DATA)])
        yield reader, files | {name: damaged(name, files[name], generator)}


TABLE = {
    "vectors": ("vectors for `similar --among`", record_files.vectors),
    "kept": ("vectors kept in a folder of photos", record_files.kept_vectors),
    "rows": ("rows for `--resume`, and their settings", record_files.rows),
    "settings": ("`--config`, TOML", record_files.settings),
    "recipes": ("recipes, TOML", record_files.recipes),
    "journals": ("journals for `organise --undo`", record_files.journals),
    "decisions": ("decisions for `--exclude`", record_files.decisions),
    "exports": ("exports to convert: ONNX, torch.export, timm", record_files.exports),
    "descriptions": ("`state.json`, `dataset_dict.json`, lists of classes", record_files.descriptions),
    "runs": ("what a training run keeps, compiled graphs", record_files.runs),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--mutations", type=int, default=2000, help="of each kind")
    parser.add_argument("--only", choices=(*TABLE, "bombs"), action="append", help="these rows alone")
    parser.add_argument("--write-docs", action="store_true")
    given = parser.parse_args()
    rows: list[Row] = []
    for name, (what, cases) in TABLE.items():
        if not given.only or name in given.only:
            rows.append(run(f"{what}, mutated", right_or_refused, mutations(cases(), given.mutations)))
    if not given.only or "bombs" in given.only:
        what = "bombs: values, depth, numbers, characters, ratios, members"
        rows.append(run(what, right_or_refused, bombs()))
    report("records", rows, write_docs=given.write_docs)


if __name__ == "__main__":
    main()
