"""The verbs that write, each on something small, for power.py and full_disks.py.

A verb runs in a folder of its own, of which every change is watched; what it reads lies elsewhere.
"""

import hashlib
import multiprocessing
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import disk
import numpy as np
import rows
import safetensors.numpy
from kills import answers_in, served, small_module
from PIL import Image

from inception_hub import bundle
from inception_hub.architecture import Architecture
from inception_hub.cli import main as command
from inception_hub.output import files, parquet
from inception_hub.sources.cache import VARIABLE
from inception_hub.training import from_scratch, loop

PHOTOS = 30
CLASSES = "abc"
RECIPE = """
name = "short"
batch_size = 6
image_size = 32
[[cycles]]
learning_rate = 0.001
[[cycles.phases]]
epochs = 2
size = 32
[optimiser]
name = "adamw"
weight_decay = 0.01
"""


@dataclass(frozen=True)
class Verb:
    """A command that writes.

    `prepare` makes what lies in the folder before. `again`: the command after a power cut, `arguments` if
    None. `result`: what was made, to be compared with what an unbroken run makes; it raises for what is not
    whole, and gives None for what is not there. `status`: of an unbroken run. `resumes`: whether what a cut
    leaves decides how the next run goes, so that every state is run from.
    """

    name: str
    arguments: list[str]
    result: Callable[[Path], Any]
    prepare: Callable[[Path], None] = lambda folder: None
    again: list[str] | None = None
    status: int = 0
    resumes: bool = False

    def run(self, folder: Path, again: bool = False) -> None:
        """Runs it in `folder`, as a process of its own that ends so."""
        os.chdir(folder)
        os.environ[VARIABLE] = str(folder / "cache")
        if self.arguments[0] in ("finetune", "train"):
            sys.modules["openvino"] = None  # type: ignore[assignment]  # PyTorch measures: nothing to compile
        command(self.again if again and self.again else self.arguments)


def is_missing(log: str) -> bool:
    """Whether a run says that its software is not there: an export's, which is left out then."""
    return "cannot be imported" in log or "is not installed" in log


def settle() -> None:
    """Small parts and frequent saves, so that a short run changes the disk as often as a long one."""
    parquet.ROW_GROUP = 8
    files.FLUSHED_EVERY = 3000
    loop.SAVE_EVERY = 0.0
    thin = Architecture(0.25, len(CLASSES))
    from_scratch.Architecture = lambda multiplier, classes: replace(thin, num_classes=classes)  # type: ignore
    sys.modules["matplotlib"] = None  # type: ignore[assignment]


def make_inputs(scratch: Path) -> None:
    """Photos, labelled photos, a module of `CLASSES` and a recipe."""
    generator = random.Random(0)
    (scratch / "photos").mkdir()
    for number in range(PHOTOS):
        path = scratch / "photos" / f"{number:02}.png"
        Image.new("RGB", (48, 48), tuple(generator.randbytes(3))).save(path)
    os.truncate(scratch / "photos" / "07.png", 60)
    noise = np.random.default_rng(0)
    for index, name in enumerate(CLASSES):
        (scratch / "labelled" / name).mkdir(parents=True)
        for number in range(8):
            pixels = noise.integers(0, 90, (40, 40, 3)) + 80 * index
            Image.fromarray(pixels.astype(np.uint8)).save(scratch / "labelled" / name / f"{number}.png")
    small_module(scratch / "small")
    (scratch / "recipe.toml").write_text(RECIPE)


def module_in(name: str) -> Callable[[Path], Any]:
    """The weights' hash and the labels of the module directory `name`, every file verified."""

    def result(folder: Path) -> Any:
        path = folder / name
        if not path.exists():
            return None
        read = bundle.read(path)
        digest = hashlib.sha256(b"".join(read.weights[key].tobytes() for key in sorted(read.weights)))
        return digest.hexdigest(), read.labels.names

    return result


def file_in(name: str) -> Callable[[Path], Any]:
    """The bytes of the file `name`, or of each file in the directory `name`; None where it is not there."""

    def result(folder: Path) -> Any:
        path = folder / name
        if not path.exists():
            return None
        if path.is_file():
            return path.read_bytes()
        return {each.name: each.read_bytes() for each in sorted(path.iterdir())}

    return result


def rows_in(name: str) -> Callable[[Path], Any]:
    """The rows of a file, as its format has them, numbers rounded: they depend on how photos are batched."""

    def result(folder: Path) -> Any:
        if not (folder / name).exists():
            return None
        found = answers_in(folder / name)
        return [(path, error, [round(value, 3) for value in numbers]) for path, error, numbers in found]

    return result


def quantized(folder: Path) -> Any:
    """Whether the module, which must be readable, has an int8 graph: None without."""
    read = bundle.read(folder / "module")
    return None if read.int8 is None else sorted(read.int8)


def calibrated(folder: Path) -> Any:
    """The calibration of the module, which must be readable, numbers rounded: None without."""
    read = bundle.read(folder / "module")
    if read.calibration is None:
        return None
    return {name: np.asarray(array).round(2).tolist() for name, array in sorted(read.calibration.items())}


def pulled(folder: Path) -> Any:
    entries = list((folder / "cache" / "modules").glob("*"))
    for entry in entries:
        bundle.verify(entry)
    return [bundle.read(entry).labels.names for entry in entries] or None


def row_verbs(scratch: Path) -> list[Verb]:
    made = []
    for verb in ("classify", "embed"):
        for format in ("jsonl", "csv", "parquet"):
            given = [verb, str(scratch / "photos"), "--module", str(scratch / "small"), "--engine", "torch"]
            given += ["--format", format, "--output", f"rows.{format}"]
            name = f"{verb} --format {format} --resume"
            result = rows_in(f"rows.{format}")
            made.append(Verb(name, given, result, again=[*given, "--resume"], status=1, resumes=True))
    page = ["classify", str(scratch / "photos"), "--module", str(scratch / "small"), "--engine", "torch"]
    page += ["--format", "jsonl", "--gallery", "page.html"]
    arrays = ["embed", str(scratch / "photos"), "--module", str(scratch / "small"), "--engine", "torch"]
    arrays += ["--output", "vectors.npz"]
    return [
        *made,
        Verb("classify --gallery", page, file_in("page.html"), old_gallery(page), status=1),
        Verb("embed --output vectors.npz", arrays, vectors_in("vectors.npz"), status=1),
        *organise_verbs(scratch),
        *similar_verbs(scratch),
    ]


def similar_verbs(scratch: Path) -> list[Verb]:
    """Rows, a page, and vectors that are kept in the folder of the photos."""
    given = ["similar", "photos/00.png", "--among", "photos", "--module", str(scratch / "small")]
    given += ["--engine", "torch"]

    def copied(folder: Path) -> None:
        shutil.copytree(scratch / "photos", folder / "photos")

    def whole(name: str) -> Callable[[Path], Any]:
        """Kept vectors, if there are any, can be read."""
        made = file_in(name)

        def result(folder: Path) -> Any:
            kept = folder / "photos" / ".inception-hub-vectors.safetensors"
            if kept.exists():
                safetensors.numpy.load_file(kept)
            return made(folder)

        return result

    table = [*given, "--output", "rows.csv"]
    page = [*given, "--format", "jsonl", "--gallery", "page.html"]
    return [
        Verb("similar --output", table, whole("rows.csv"), copied, status=1),
        Verb("similar --gallery", page, whole("page.html"), copied, status=1),
    ]


def organise_verbs(scratch: Path) -> list[Verb]:
    """Photos moved into folders, and moved back."""
    given = [
        "organise",
        "photos",
        "--into",
        "sorted",
        "--module",
        str(scratch / "small"),
        "--engine",
        "torch",
    ]
    given += ["--how", "move", "--least", "0", "--xmp"]
    undone = ["organise", "--undo", "sorted"]

    def copied(folder: Path) -> None:
        shutil.copytree(scratch / "photos", folder / "photos")

    def moved(folder: Path) -> None:
        copied(folder)
        command_in(folder, given)

    return [
        Verb("organise", given, organised, copied, again=given, status=1, resumes=True),
        Verb("organise --undo", undone, brought_back, moved, resumes=True),
    ]


def command_in(folder: Path, given: list[str]) -> None:
    """Runs a command in a process of its own, whose messages nobody reads."""
    code = "import sys; from inception_hub.cli import main; main(sys.argv[1:])"
    subprocess.run([sys.executable, "-c", code, *given], cwd=folder, capture_output=True)


def organised(folder: Path) -> Any:
    """Where each photo is, once all but the damaged one are in folders; raises if one is nowhere whole."""
    places = photos_in(folder)
    sidecars = sorted(path.name for path in (folder / "sorted").rglob("*.xmp"))
    there = [place for place in places.values() if place.startswith("sorted/")]
    return (places, sidecars) if len(there) == len(sidecars) == PHOTOS - 1 else None


def brought_back(folder: Path) -> Any:
    """Where each photo is, once all are where they were and the journal has gone; raises as `organised`."""
    places = photos_in(folder)
    return None if list(folder.glob("sorted/*")) else places


def photos_in(folder: Path) -> dict[str, str]:
    """The place of each of `make_inputs`' photos, by its content."""
    whole = {hashlib.sha256(path.read_bytes()).hexdigest() for path in (SCRATCH[0] / "photos").iterdir()}
    places: dict[str, str] = {}
    for path in folder.rglob("*.png"):
        if "partial" not in "".join(path.parts):
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            assert digest in whole, f"{path} is no whole photo"
            places[digest] = path.relative_to(folder).as_posix()
    assert places.keys() == whole or not places, "a photo is nowhere"
    return places


def vectors_in(name: str) -> Callable[[Path], Any]:
    """The arrays of an .npz file, numbers rounded."""

    def result(folder: Path) -> Any:
        if not (folder / name).exists():
            return None
        with np.load(folder / name, allow_pickle=False) as arrays:
            return {
                key: arrays[key].round(3).tolist() if key == "vectors" else arrays[key].tolist()
                for key in arrays
            }

    return result


def old_gallery(page: list[str]) -> Callable[[Path], None]:
    def prepare(folder: Path) -> None:
        from inception_hub.output.gallery import Gallery

        with Gallery(folder / "page.html", "old"):
            pass

    return prepare


def module_verbs(scratch: Path, url: str) -> list[Verb]:
    small, labelled = str(scratch / "small"), str(scratch / "labelled")
    training = ["--output", "made", "--precision", "f32", "--seed", "1"]
    tuned = ["finetune", labelled, "--module", small, "--epochs", "2", "--batch-size", "6", *training]
    tuned += ["--training-size", "32", "--image-size", "32"]
    trained = ["train", str(scratch / "recipe.toml"), labelled, *training]

    def copied(folder: Path) -> None:
        shutil.copytree(small, folder / "module")

    rounded = ["quantize", "module", "--calibrate", str(scratch / "photos"), "--min-agreement", "0"]
    inspected = ["inspect", labelled, "--module", small, "--engine", "torch"]
    report = ["evaluate", small, labelled, "--report", "page.html", "--engine", "torch"]
    return [
        Verb("finetune", tuned, module_in("made"), resumes=True),
        Verb("train", trained, module_in("made"), resumes=True),
        Verb("evaluate --report", report, file_in("page.html")),
        Verb("inspect --report", [*inspected, "--report", "page.html"], file_in("page.html")),
        Verb("inspect --decisions", [*inspected, "--decisions", "decisions.csv"], file_in("decisions.csv")),
        Verb("quantize", rounded, quantized, copied),
        Verb("calibrate", ["calibrate", "module", labelled], calibrated, copied),
        Verb("convert", ["convert", small, "made"], module_in("made")),
        Verb("pull", ["pull", url], pulled),
    ]


def export_verbs(scratch: Path) -> list[Verb]:
    made = []
    names = {"module": "made", "onnx": "made.onnx", "openvino": "made", "torch": "made.pt2", "timm": "made"}
    for format, name in names.items():
        given = ["export", str(scratch / "small"), name, "--to", format]
        made.append(Verb(f"export --to {format}", given, file_in(name)))
        if format in ("module", "onnx"):

            def former(folder: Path, given: list[str] = given) -> None:
                from inception_hub.formats import export_bundle

                read = bundle.read(scratch / "small")
                export_bundle(replace(read, name="former"), given[4], folder / given[2])

            forced = [*given, "--force"]
            made.append(Verb(f"export --to {format} --force", forced, file_in(name), former))
    return made


def all_verbs(scratch: Path, url: str) -> list[Verb]:
    return [*row_verbs(scratch), *module_verbs(scratch, url), *export_verbs(scratch)]


VERBS: list[Verb] = []  # known to every process that is forked
SCRATCH: list[Path] = []  # where `make_inputs` put what verbs read


def for_all_verbs(
    work: Callable[[tuple[int, int, Path]], rows.Row | None], number: int, only: list[str], jobs: int
) -> list[rows.Row]:
    """The rows of `work` for all verbs, or those with one of `only` in their names, `jobs` at a time.

    It is given the place of a verb in `VERBS`, `number`, and a folder of its own that is not there yet.
    """
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as folder:
        scratch = Path(folder).resolve()
        disk.preloaded(scratch)
        settle()
        make_inputs(scratch)
        SCRATCH.append(scratch)
        archive = shutil.make_archive(str(scratch / "archive"), "gztar", scratch / "small")
        with served(Path(archive).read_bytes(), scratch) as url:
            verbs = all_verbs(scratch, url)
            VERBS.extend(v for v in verbs if not only or any(part in v.name for part in only))
            tasks = [(place, number, scratch / f"verb{place}") for place in range(len(VERBS))]
            with multiprocessing.get_context("fork").Pool(jobs, maxtasksperchild=1) as pool:
                return [row for row in pool.map(work, tasks, chunksize=1) if row]
