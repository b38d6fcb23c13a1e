"""The files of records.py: a small one of every kind, as the package writes it."""

import io
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from data_sets import saved
from modules import folder as small_module

from helpers import organised  # isort: skip - `data_sets` makes it importable
from helpers.dataset_photos import dataset, png  # isort: skip

from inception_hub.inference.predictions import Prediction  # isort: skip
from inception_hub.inference.row import Row  # isort: skip

Files = dict[str, bytes]  # by their names in a folder
Case = tuple[str, Files]  # the name of a reader in records.py, and what it reads
ROOT = b"/@root"  # stands in a journal for the folder that a case lies in
DATA = (".png", ".arrow")  # endings of what is no file to be damaged here
LENGTH = 2  # predictions and numbers of a row
SETTINGS = {"module": "m", "top": LENGTH}
BEST = (Prediction("cat, grey", 285, 0.75), Prediction("tabby", 281, 0.125))
ROWS = {
    "predictions": [Row(f"{n}.jpg", "m", BEST) for n in range(3)] + [Row("bad.jpg", "m", error="It is bad.")],
    "predictions-sets": [Row(f"{n}.jpg", "m", BEST[:n], unknown=n == 0) for n in range(3)],
    "vector": [Row(f"{n}.jpg", "m", vector=np.full(LENGTH, n, np.float32)) for n in range(3)],
}
SETTINGS_TOML = """
[classify]
top = 3
output = "rows.csv"
resume = true
precision = "f32"
[train]
set = ["label_smoothing=0.1", "batch_size=8"]
seed = 3
[evaluate]
precision = "f32"
"""
RECIPE_TOML = """
base = "slim"
batch_size = 8
image_size = 64
label_smoothing = 0.1
augmentation = { colour = 0.2, cutmix = 0.5 }
[[cycles]]
learning_rate = 1e-3
[[cycles.phases]]
epochs = 2
size = 32
augmentation.min_area = 0.5
[optimiser]
name = "adamw"
weight_decay = 0.01
"""
DECISIONS = """\
path,split,class,kind,score,suggestion,decision
0.png,train,class 0,copy,0.98,copy of train: 1.png,exclude
3.png,train,class 0,label,0.8,class 1,keep
"""


def files_of(folder: Path) -> Files:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def vectors() -> Iterator[Case]:
    from inception_hub import Module
    from inception_hub.inference.options import Options
    from inception_hub.output.run import Target, write_rows

    module = Module(small_module()[1])
    with tempfile.TemporaryDirectory() as place:
        photos = [Path(place) / f"{n}.png" for n in range(3)]
        for n, photo in enumerate(photos):
            photo.write_bytes(png(n, (32, 32)) if n else b"no photo")
        for format in ("npy", "npz", "parquet", "jsonl"):
            target = Path(place) / format / f"vectors.{format}"
            write_rows(module, map(str, photos), Options("vector"), Target(format, target))  # type: ignore
            yield "compared", files_of(target.parent)
        packed = io.BytesIO()
        with np.load(Path(place) / "npz" / "vectors.npz") as arrays:
            np.savez_compressed(packed, **dict(arrays))
        yield "compared", {"vectors.npz": packed.getvalue()}


def kept_vectors() -> Iterator[Case]:
    from inception_hub import Module, similar

    with tempfile.TemporaryDirectory() as place:
        for n in range(2):
            (Path(place) / f"{n}.png").write_bytes(png(n, (32, 32)))
        list(similar(np.zeros((32, 32, 3), np.uint8), place, module=Module(small_module()[1])))
        yield "searched", files_of(Path(place))


def rows() -> Iterator[Case]:
    from inception_hub.output.writers import open_writer

    with tempfile.TemporaryDirectory() as place:
        for name, given in ROWS.items():
            kind: Any = name.split("-")[0]
            for format in ("jsonl", "csv", "parquet"):
                target = Path(place) / f"{name} {format}" / f"{name}.{format}"
                options: Any = {"sets": "sets" in name, "settings": SETTINGS}
                with open_writer(format, kind, target, LENGTH, **options) as writer:  # type: ignore[arg-type]
                    for row in given[:2]:
                        writer.write(row)
                yield "resumed", files_of(target.parent)
                if format == "parquet":  # as an interrupted run leaves it
                    part = {f"{name}.parquet.parts/000001.parquet": target.read_bytes()}
                    yield "resumed", {f"{name}.parquet": target.read_bytes()} | part


def settings() -> Iterator[Case]:
    yield "configured", {"settings.toml": SETTINGS_TOML.encode()}


def recipes() -> Iterator[Case]:
    yield "followed", {"recipe.toml": RECIPE_TOML.encode()}


def journals() -> Iterator[Case]:
    how: Any
    for how in ("copy", "link", "move"):
        with tempfile.TemporaryDirectory() as place:
            organised.make_photos(Path(place))
            organised.organise(Path(place), how, xmp=True)
            content = (Path(place) / "sorted" / "organised.jsonl").read_bytes()
            yield "undone", {f"{how}.jsonl": content.replace(place.encode(), ROOT)}


def rooted(journal: bytes, folder: Path) -> bytes:
    """`journal` for the folder that it lies in; a photo that it has elsewhere is to go below it all the same.

    For a photo that was moved goes back where its journal says, whatever is changed in it.
    """
    lines = journal.split(b"\n")
    for place, line in enumerate(lines):
        with suppress(ValueError, TypeError, LookupError, AttributeError, RecursionError):
            photo = json.loads(line)["photo"]
            if photo.startswith("/") and not photo.startswith(f"{ROOT.decode()}/"):
                lines[place] = json.dumps(json.loads(line) | {"photo": ROOT.decode() + photo}).encode()
    return b"\n".join(lines).replace(ROOT, os.fsencode(folder))


def labelled() -> Any:
    return dataset([png(n) for n in range(12)], [n % 3 for n in range(12)])


def decisions() -> Iterator[Case]:
    yield "excluded", {"decisions.csv": DECISIONS.encode()}
    yield "excluded", {"decisions.csv": b"sep=;\r\n" + DECISIONS.replace(",", ";").encode()}
    line = json.dumps({"path": "0.png", "split": "train", "decision": "exclude"})
    yield "excluded", {"decisions.jsonl": f"{line}\n".encode()}


def exports() -> Iterator[Case]:
    from inception_hub import bundle
    from inception_hub.formats import onnx, timm, torch_program
    from inception_hub.formats.options import Options

    made = bundle.read(small_module()[1])
    with tempfile.TemporaryDirectory() as place:
        for format, name in ((onnx, "x.onnx"), (torch_program, "x.pt2"), (timm, "x")):
            format.write(made, Path(place) / name, Options())
            yield "converted", files_of(Path(place))
            shutil.rmtree(place) if (Path(place) / name).is_dir() else (Path(place) / name).unlink()
            Path(place).mkdir(exist_ok=True)


def descriptions() -> Iterator[Case]:
    for name, content in saved():
        state = json.dumps({"_data_files": [{"filename": name}], "_format_type": None, "_split": "train"})
        yield "opened", {"state.json": state.encode(), name: content}
        described = json.dumps({"splits": ["train", "test"]}).encode()
        parts = {f"{split}/state.json": state.encode() for split in ("train", "test")}
        arrows = {f"{split}/{name}": content for split in ("train", "test")}
        yield "opened", {"dataset_dict.json": described} | parts | arrows
    photos = {f"train/n0000000{n}/{n}.png": png(n) for n in range(2)}
    yield "opened", photos | {"labels.txt": b"n00000000\nn00000001\n"}
    yield "opened", photos | {"wnids.txt": b"n00000000\nn00000001\n"}
    listed = {f"{n}.png": png(n) for n in range(2)} | {"metadata.csv": b"file_name,label\n0.png,0\n1.png,1\n"}
    yield "opened", listed | {"labels.txt": b"cat\ndog\n", "wnids.txt": b"n00000000\nn00000001\n"}


def runs() -> Iterator[Case]:
    with tempfile.TemporaryDirectory() as place:
        continue_run(Path(place))
        yield "continued", files_of(Path(place))


def continue_run(folder: Path) -> None:
    """Each part of a run that is kept: taken from `folder`, else made and kept there."""
    import torch
    from helpers.runs import network, tiny_run

    from inception_hub.data.pixels import decode_split
    from inception_hub.engines.compiled_graphs import CompiledGraphCache
    from inception_hub.images.presets import PRESETS
    from inception_hub.training import checkpoint, resize_choice, tracking
    from inception_hub.training import settings as run_settings
    from inception_hub.training.features import feature_vectors
    from inception_hub.training.loop import Progress

    small = network()
    given = tiny_run(folder / "checkpoint.safetensors")
    run_settings.precision_of((checkpoint.load_facts(given.checkpoint) or {}).get("settings"))
    if loaded := checkpoint.load(given.checkpoint):
        run_settings.check(given.checkpoint, loaded[1].get("settings"), given.settings)
        assert Progress.of(loaded[1]["progress"]) == Progress(4)
        assert loaded[0]["weights/a"].tolist() == [0, 1, 2]
    facts = {"settings": dict(given.settings), "progress": Progress(4).facts()}
    checkpoint.save(given.checkpoint, {"weights/a": torch.arange(3)}, facts)
    images = given.photos.images[:4, :32, :32].float() / 255

    def vectors(cache: Path | None) -> torch.Tensor:
        return feature_vectors(small.eval(), 4, lambda start, stop: images[start:stop], False, cache, "id")

    assert torch.allclose(vectors(folder / "features" / "train.features"), vectors(None), 1e-4, 1e-5)
    kept = decode_split(labelled().splits["train"], folder / "pixels", 8)
    assert kept.images.shape == (12, 8, 8, 3) and kept.aspect.shape == (12,) and len(kept.classes) == 12
    choice = folder / "features" / resize_choice.KEPT
    assert (resize_choice._kept(choice, "id") or ("crop", ""))[0] in PRESETS
    choice.write_text(json.dumps(["id", "crop", "It is best."]))
    assert all(isinstance(run, str) for run in tracking._known(folder / "trackers.json").values())
    (folder / "trackers.json").write_text(json.dumps({"wandb": "a1", "mlflow": "b2"}))
    graphs = CompiledGraphCache(folder / "graphs", "weights", (32, 32))
    graph = graphs.load("graph")
    assert graph is None or graph.tobytes() == b"compiled"
    graphs.store("graph", b"compiled")
