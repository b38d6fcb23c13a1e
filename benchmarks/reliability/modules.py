"""Damaged and hostile module directories, for the table of docs/reliability.md.

    python benchmarks/reliability/modules.py [--mutations 1000] [--write-docs]

A small module of our own making. Files are changed as they are, which their SHA-256 must give away; and
changed together with the manifest that vouches for them, as somebody hostile would.
"""

import argparse
import copy
import functools
import hashlib
import json
import random
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rows import report
from trials import ODD, changed, clean, mutated, run

from helpers.calibrated import calibrated  # isort: skip - `trials` makes it importable

Files = dict[str, bytes]
WEIGHTS, INT8, CALIBRATION = "weights.safetensors", "int8.safetensors", "calibration.safetensors"


@functools.cache
def folder() -> tuple[tempfile.TemporaryDirectory[str], Path]:
    """The module that cases change files of, made once in each process."""
    from inception_hub import bundle
    from inception_hub.architecture import Architecture
    from inception_hub.engines.int8 import rounded
    from inception_hub.labels import Labels
    from inception_hub.weights import fold, initialise

    kept = tempfile.TemporaryDirectory()
    architecture = Architecture(0.1, 4)
    weights = initialise(architecture, 0)
    int8: dict[str, NDArray[Any]] = {
        f"{name}/range": np.array([-1, 1], np.float32) for name in rounded(architecture)
    }
    for layer in architecture.layers:
        if layer.variables:
            kernel, bias = fold(layer, weights)
            scale = np.full(bias.shape, np.abs(kernel).max() / 127, np.float32)
            int8[f"{layer.name}/weights"] = (kernel / scale).astype(np.int8)
            int8 |= {f"{layer.name}/scale": scale, f"{layer.name}/biases": bias}
    made = bundle.Bundle(
        "small",
        architecture,
        weights,
        Labels(tuple("abcd"), (None,) * 4),
        bundle.Provenance("made", "Apache-2.0"),
        card="# A card",
        report="<html></html>",
        int8=int8,
    )
    bundle.write(made, Path(kept.name) / "plain")
    calibrated(Path(kept.name) / "plain", Path(kept.name) / "module")
    return kept, Path(kept.name) / "module"


def read_or_refused(files: Files) -> bool:
    from inception_hub import bundle

    with tempfile.TemporaryDirectory() as place:
        target = Path(place) / "module"
        shutil.copytree(folder()[1], target)
        for name, content in files.items():
            (target / name).write_bytes(content)
        return clean(lambda: bundle.read(target))


def answered_or_refused(files: Files) -> bool:
    """In int8, as far as an answer."""
    from inception_hub import Module

    with tempfile.TemporaryDirectory() as place:
        target = Path(place) / "module"
        shutil.copytree(folder()[1], target)
        for name, content in files.items():
            (target / name).write_bytes(content)
        return clean(lambda: Module(target, precision="int8")(np.zeros((1, 32, 32, 3), np.float32)))


def covered_or_refused(files: Files) -> bool:
    """With a coverage, as far as an answer."""
    from inception_hub import classify

    with tempfile.TemporaryDirectory() as place:
        target = Path(place) / "module"
        shutil.copytree(folder()[1], target)
        for name, content in files.items():
            (target / name).write_bytes(content)
        return clean(lambda: classify(np.zeros((32, 32, 3), np.uint8), target, coverage=0.9).to_list())


def original() -> Files:
    return {path.name: path.read_bytes() for path in folder()[1].iterdir()}


def vouched(files: Files) -> Files:
    """`files` with the manifest's sizes and hashes of them right."""
    manifest = json.loads(original()["module.json"])
    for name, content in files.items():
        manifest["files"][name] = {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    return files | {"module.json": json.dumps(manifest).encode()}


def untrue(count: int) -> Iterator[Files]:
    generator, whole = random.Random(3), original()
    for _ in range(count):
        name = generator.choice(sorted(whole))
        yield {name: mutated(whole[name], generator)}


def manifests(count: int) -> Iterator[Files]:
    """One value of `module.json` replaced by an odd one, or left out."""
    generator = random.Random(4)
    whole = json.loads(original()["module.json"])
    for _ in range(count):
        yield {"module.json": json.dumps(changed(whole, generator)).encode()}
    for text in ("[" * (3 << 20), '{"a":' * 800_000, "9" * (4 << 20), "[" + "[]," * 1_300_000 + "[]]", ""):
        yield {"module.json": text.encode()}
    yield {"module.json": bytes(5 << 20)}


def arrays(name: str, count: int) -> Iterator[Files]:
    """A safetensors file with damage in its header or its values, and headers that ask for much."""
    generator, content = random.Random(5), original()[name]
    length = int.from_bytes(content[:8], "little")
    header, values = json.loads(content[8 : 8 + length]), content[8 + length :]

    def file(made: bytes) -> Files:
        return vouched({name: len(made).to_bytes(8, "little") + made + values})

    names = [key for key in header if key != "__metadata__"]
    for number in range(count):
        if number % 3 == 0:
            yield file(mutated(content[8 : 8 + length], generator))
            continue
        if number % 3 == 1:
            start = 8 + length + generator.randrange(len(values))
            damage = generator.choice([b"\0\0\xc0\x7f", b"\0\0\x80\xff", generator.randbytes(64)])
            yield vouched({name: content[:start] + damage + content[start + len(damage) :]})
            continue
        made = copy.deepcopy(header)
        entry = made[generator.choice(names)]
        entry[generator.choice(sorted(entry))] = generator.choice(
            ["F16", "BF16", "F8_E4M3", "I64", "BOOL", [1 << 62, 4], [0, 1 << 62], [-1], [1] * 100, [], *ODD]
        )
        yield file(json.dumps(made).encode())
    yield vouched({name: (1 << 62).to_bytes(8, "little") + values})
    yield vouched({name: (90 << 20).to_bytes(8, "little") + b" " * (90 << 20)})
    empty = {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}
    yield file(json.dumps({f"{i}": empty for i in range(500_000)}).encode())
    yield file(
        json.dumps(
            {"x\x1b[2J" * 1000: {**empty, "shape": [len(values) // 4], "data_offsets": [0, len(values)]}}
        ).encode()
    )


def texts(count: int) -> Iterator[Files]:
    """Labels, card and report with anything in them."""
    generator, whole = random.Random(6), original()
    for _ in range(count):
        name = generator.choice(["labels.txt", "labels.txt", "README.md", "report.html"])
        yield vouched({name: mutated(whole[name], generator)})
    yield vouched({"labels.txt": b"a\n" * (8 << 20)})
    yield vouched({"labels.txt": bytes(17 << 20)})


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--mutations", type=int, default=1000, help="of each kind")
    parser.add_argument("--write-docs", action="store_true")
    given = parser.parse_args()
    count = given.mutations
    rows = [
        run("any file, the manifest as it was", read_or_refused, untrue(count)),
        run("`module.json`", read_or_refused, manifests(count)),
        run("`weights.safetensors`, hash right again", read_or_refused, arrays(WEIGHTS, count)),
        run("`int8.safetensors`, hash right again", answered_or_refused, arrays(INT8, count)),
        run("`calibration.safetensors`, hash right again", covered_or_refused, arrays(CALIBRATION, count)),
        run("texts, hash right again", read_or_refused, texts(count)),
    ]
    report("modules", rows, write_docs=given.write_docs)


if __name__ == "__main__":
    main()
