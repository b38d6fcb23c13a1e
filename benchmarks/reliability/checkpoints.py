"""Damaged and hostile TensorFlow files, for the table of docs/reliability.md.

    python benchmarks/reliability/checkpoints.py [--mutations 1500] [--write-docs]

The samples in tests/recorded that TensorFlow wrote, mutated as they are, where an answer must be the sample's
own numbers; and mutated below their checksums, which are put right again, so that the parsers meet the
damage.
"""

import argparse
import random
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rows import report
from trials import ROOT, clean, mutated, run

SAMPLES = ROOT / "tests" / "recorded" / "tensorflow"
Files = dict[str, bytes]
CHECKPOINTS = ("v1.ckpt", "v2", "sharded", "snappy.ckpt")


def untouched_or_refused(case: tuple[str, Files]) -> bool:
    """An answer must be what TensorFlow wrote."""
    from helpers.tensorflow_samples import expected

    wanted = expected(case[0])

    def read() -> None:
        found = _read(case)
        same = all(found[name].tobytes() == wanted[name].tobytes() for name in wanted)
        assert found.keys() == wanted.keys() and same, "a wrong answer"

    return clean(read)


def read_or_refused(case: tuple[str, Files]) -> bool:
    return clean(lambda: _read(case))


def hub_or_refused(files: Files) -> bool:
    from inception_hub.formats import tf1_hub

    def read() -> None:
        with tempfile.TemporaryDirectory() as folder:
            for name, content in files.items():
                (Path(folder) / name).parent.mkdir(parents=True, exist_ok=True)
                (Path(folder) / name).write_bytes(content)
            tf1_hub.read(Path(folder))

    return clean(read)


def _read(case: tuple[str, Files]) -> dict[str, NDArray[np.generic]]:
    from inception_hub.formats.tf_checkpoint import read_checkpoint

    name, files = case
    with tempfile.TemporaryDirectory() as folder:
        for file, content in files.items():
            (Path(folder) / file).write_bytes(content)
        return read_checkpoint(Path(folder) / name)


def sample(name: str) -> Files:
    return {path.name: path.read_bytes() for path in sorted(SAMPLES.glob(f"{name}*")) if path.is_file()}


def damaged(count: int, change: Callable[[bytes, random.Random], bytes]) -> Iterator[tuple[str, Files]]:
    """Each sample in turn, one of its files changed."""
    generator = random.Random(0)
    for number in range(count):
        name = CHECKPOINTS[number % len(CHECKPOINTS)]
        files = sample(name)
        hit = generator.choice([file for file in files if change is mutated or ".data-" not in file])
        yield name, files | {hit: change(files[hit], generator)}


def repaired(content: bytes, generator: random.Random) -> bytes:
    """A table with damage in its entries and every checksum right."""
    from helpers.tensorflow_samples import block, table

    from inception_hub.formats.tensorflow.table import read_table

    entries = [(key, bytes(value)) for key, value in read_table(content)]
    hit = generator.randrange(len(entries))
    key, value = entries[hit]
    match generator.randrange(6):
        case 0:
            return table(mutated(block(*entries), generator), kind=generator.choice((0, 0, 1)))
        case 1:
            entries[hit] = mutated(key, generator), value
        case 2:
            entries[hit] = key, generator.choice(entries)[1]
        case _:
            entries[hit] = key, mutated(value[:400], generator) + value[400:]
    return table(block(*entries))


def objects_or_refused(graph: bytes) -> bool:
    """A checkpoint of `tf.train.Checkpoint` whose description of its objects is `graph`."""
    from helpers.tensorflow_samples import of_objects

    from inception_hub.formats.tf_checkpoint import read_checkpoint

    def read() -> None:
        with tempfile.TemporaryDirectory() as folder:
            read_checkpoint(of_objects(Path(folder), graph, ["v/.ATTRIBUTES/VARIABLE_VALUE", "w"]))

    return clean(read)


def graphs(count: int) -> Iterator[bytes]:
    """The description of objects that TensorFlow wrote, mutated below its checksums."""
    from inception_hub.formats.tensorflow.object_graph import OBJECT_GRAPH
    from inception_hub.formats.tensorflow.protobuf import fields
    from inception_hub.formats.tensorflow.table import read_table

    folder, generator = SAMPLES / "objects" / "variables", random.Random(2)
    entry = dict(fields(dict(read_table((folder / "variables.index").read_bytes()))[OBJECT_GRAPH]))
    data = (folder / "variables.data-00000-of-00001").read_bytes()
    start = int(entry.get(4, 0)) + 6  # behind its length and a checksum  # type: ignore[call-overload]
    graph = data[start : int(entry.get(4, 0)) + int(entry[5])]  # type: ignore[call-overload]
    yield graph
    for _ in range(count - 1):
        yield mutated(graph, generator)


def hubs(count: int) -> Iterator[Files]:
    generator = random.Random(1)
    folder = SAMPLES / "hub"
    files = {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    for _ in range(count):
        hit = generator.choice(["saved_model.pb", "saved_model.pb", "tfhub_module.pb"])
        yield files | {hit: mutated(files[hit], generator)}


def bombs() -> Iterator[tuple[str, Files]]:
    """Small files that ask for much memory or time, their checksums right."""
    from helpers.tensorflow_samples import HEADER, announced, block, message, shape, table, v1, varint

    zeros = varint(64 << 20) + b"\0\0" + b"\xfe\x01\0" * ((1 << 20) - 1) + b"\xfa\x01\0"
    ones = varint(16 << 20) + b"\0a" * (16 << 20)
    files = [
        v1(announced(1 << 39)),
        v1(announced(*[1 << 20] * 2)),
        v1(announced(1 << 62)),
        v1(announced(1 << 28, dtype=9), message((1, b"w"), (3, message((10, bytes(64 << 20)))))),
        v1(announced(4), *[message((1, b"w"), (3, message(*[(3, 0)] * 900)))] * 20_000),
        v1(announced(4) * 100_000),
        v1(bytes(64 << 20)),
        table(*[block()] * 100_000),
        table(block(), handles=[(0, 8)] * 100_000),
        table(zeros, kind=1),
        table(*[zeros[: 1 << 20]] * 64, kind=1),
        table(ones, kind=1),
        table(varint(1 << 63) + b"\0a", kind=1),
        table(block(*((b"%09d" % n, b"") for n in range(200_000)))),
        table(block(*((b"k" * 1024 + b"%d" % n, b"") for n in range(1000)))),
    ]
    for content in files:
        yield "bomb.ckpt", {"bomb.ckpt": content}
    for entry in (
        message((1, 1), (2, shape(1 << 38)), (5, 4 << 38)),
        message((1, 1), (2, shape(1 << 20)), *[(7, message((1, message((1, 0), (2, 1)))))] * 1000),
        message((1, 1), (2, shape(4)), (4, 1 << 62), (5, 16)),
        message((1, 1), (2, shape(0, 1 << 40))),
    ):
        index = table(block(HEADER, (b"w", entry)))
        yield "bomb", {"bomb.index": index, "bomb.data-00000-of-00001": bytes(64)}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--mutations", type=int, default=1500, help="of each kind")
    parser.add_argument("--write-docs", action="store_true")
    given = parser.parse_args()
    count = given.mutations
    rows = [
        run("V1 and V2 files, mutated", untouched_or_refused, damaged(count, mutated)),
        run("the same, checksums right again", read_or_refused, damaged(count, repaired)),
        run("TF1 Hub module: its two descriptions, mutated", hub_or_refused, hubs(count)),
        run("TensorFlow 2: description of objects, mutated", objects_or_refused, graphs(count)),
        run("bombs: shapes, slices, fields, blocks, Snappy", read_or_refused, bombs()),
    ]
    report("checkpoints", rows, write_docs=given.write_docs)


if __name__ == "__main__":
    main()
