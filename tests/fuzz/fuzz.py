"""Coverage-guided fuzzing with atheris: `make fuzz`, or `python tests/fuzz/fuzz.py [TARGET ...]`.

Each target runs in a process of its own, from the small files in `corpus/` (made by `corpus.py`) and from
what earlier runs found, kept in `found/`, which git ignores. Anything but an answer or an error of ours ends
the run, and libFuzzer names the file that did it. With --write-docs the figures go into docs/reliability.md.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests")]


def _file(name: str, content: bytes, read: Callable[[Path], object]) -> None:
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        read(path)


def tar(data: bytes) -> None:
    from inception_hub.sources.archive import extract

    _file("archive", data, lambda path: extract(path, path.with_name("out")))


def snappy(data: bytes) -> None:
    from inception_hub.formats.tensorflow.snappy import decompress

    decompress(memoryview(data), 1 << 20)


def protobuf(data: bytes) -> None:
    from inception_hub.formats.tensorflow.protobuf import fields, packed_varints

    list(fields(memoryview(data)))
    list(packed_varints(memoryview(data)))


def table(data: bytes) -> None:
    """The content of one block, its checksum right, behind a byte that says whether it is compressed."""
    from helpers.tensorflow_samples import table as made

    from inception_hub.formats.tensorflow.table import read_table

    list(read_table(made(data[1:], kind=data[0] & 1 if data else 0)))


def v1(data: bytes) -> None:
    """Names and shapes, then a variable's values, in halves of `data` that its first byte tells apart."""
    from helpers.tensorflow_samples import block, message
    from helpers.tensorflow_samples import table as made

    from inception_hub.formats.tf_checkpoint import read_checkpoint

    cut = 1 + data[0] if data else 0
    meta, piece = message((1, data[1:cut])), message((2, data[cut:]))
    _file("v1.ckpt", made(block((b"", meta), (b"\0w", piece))), read_checkpoint)


def v2(data: bytes) -> None:
    """A variable's entry in the index."""
    from helpers.tensorflow_samples import block, message
    from helpers.tensorflow_samples import table as made

    from inception_hub.formats.tf_checkpoint import read_checkpoint

    def read(path: Path) -> None:
        path.with_name("v2.data-00000-of-00001").write_bytes(bytes(64))
        read_checkpoint(path)

    _file("v2.index", made(block((b"", message((1, 1))), (b"w", data))), read)


def objects(data: bytes) -> None:
    """The description of a checkpoint's objects."""
    from helpers.tensorflow_samples import of_objects

    from inception_hub.formats.tf_checkpoint import read_checkpoint

    _file("beside", b"", lambda path: read_checkpoint(of_objects(path.parent, data, ["v", "w"])))


def saved_model(data: bytes) -> None:
    from helpers.tensorflow_samples import message

    from inception_hub.formats.tf1_hub import read_image_size

    def read(path: Path) -> None:
        path.with_name("tfhub_module.pb").write_bytes(message((1, 3)))
        read_image_size(path.parent)

    _file("saved_model.pb", data, read)


def tfhub_module(data: bytes) -> None:
    from helpers.tensorflow_samples import message

    from inception_hub.formats.tf1_hub import read_image_size

    def read(path: Path) -> None:
        path.with_name("saved_model.pb").write_bytes(message((2, b"")))
        read_image_size(path.parent)

    _file("tfhub_module.pb", data, read)


def manifest(data: bytes) -> None:
    from inception_hub.bundle import read_manifest

    _file("module.json", data, lambda path: read_manifest(path.parent))


def safetensors(data: bytes) -> None:
    from inception_hub.architecture import Architecture
    from inception_hub.weights import check, load

    _file("weights.safetensors", data, lambda path: check(Architecture(0.1, 4), load(path)))


def labels(data: bytes) -> None:
    from inception_hub.labels import Labels

    _file("labels.txt", data, Labels.read)


def image(data: bytes) -> None:
    from inception_hub.images.loading import load_image

    load_image(data, (32, 32), max_pixels=1_000_000)


def png(data: bytes) -> None:
    """Chunks before a picture's pixels and behind them, each with a right checksum, `data` their contents."""
    from helpers.image_files import chunk

    from inception_hub.images.loading import load_image

    kinds = (
        b"tEXt",
        b"zTXt",
        b"iTXt",
        b"iCCP",
        b"eXIf",
        b"tRNS",
        b"acTL",
        b"fcTL",
        b"tIME",
        b"gAMA",
        b"cICP",
        b"cHRM",
        b"sRGB",
    )
    parts = data.split(b"|", 8)
    beside = b"".join(chunk(kinds[part[0] % len(kinds)], part[1:]) for part in parts if part)
    pixels = zlib.compress(bytes(8 * 25))
    header = chunk(b"IHDR", b"\0\0\0\x08" * 2 + b"\x08\2\0\0\0")
    content = b"\x89PNG\r\n\x1a\n" + header + beside + chunk(b"IDAT", pixels) + beside + chunk(b"IEND", b"")
    load_image(content, (8, 8))


def profile(data: bytes) -> None:
    """An ICC profile, with pictures of the colour space that it says it is for."""
    from PIL import Image

    from inception_hub.images.colours import space, to_srgb

    to_srgb(Image.new(space(data) or "RGB", (8, 8), 99), data)


def _data_set(name: str, data: bytes) -> None:
    """A data set's file among photos of no content, opened and its photos looked for."""
    from inception_hub.data import open_dataset
    from inception_hub.errors import ImageError

    def read(path: Path) -> None:
        for photo in ("a.png", "images/b.png"):
            (path.parent / photo).parent.mkdir(exist_ok=True)
            (path.parent / photo).touch()
        for split in open_dataset(path.parent if name.startswith("metadata") else path).splits.values():
            for row in range(min(len(split), 20)):
                split.name(row)
                with suppress(ImageError):
                    split.encoded(row)

    _file(name, data, read)


def metadata_csv(data: bytes) -> None:
    _data_set("metadata.csv", data)


def metadata_jsonl(data: bytes) -> None:
    _data_set("metadata.jsonl", data)


def csv(data: bytes) -> None:
    _data_set("list.csv", data)


def shard(data: bytes) -> None:
    _data_set("train-0.tar", data)


def parquet(data: bytes) -> None:
    _data_set("train-0.parquet", data)


TARGETS = {f.__name__: f for f in (tar, snappy, protobuf, table, v1, v2, objects, saved_model, tfhub_module,
                                   manifest, safetensors, labels, image, png, profile, metadata_csv,
                                   metadata_jsonl, csv, shard, parquet)}  # fmt: skip


def fuzz(name: str, seconds: int) -> None:
    """Does not return: libFuzzer ends the process."""
    import warnings

    import atheris

    with atheris.instrument_imports(include=["inception_hub", "PIL"]):
        import inception_hub.bundle
        import inception_hub.data
        import inception_hub.formats.tf1_hub
        import inception_hub.images.decode  # noqa: F401
    from inception_hub.errors import InceptionHubError

    warnings.simplefilter("ignore")

    def one(data: bytes) -> None:
        try:
            TARGETS[name](data)
        except InceptionHubError as error:
            assert str(error).isprintable(), repr(str(error))

    found, corpus = HERE / "found" / name, HERE / "corpus" / name
    found.mkdir(parents=True, exist_ok=True)
    options = [f"-max_total_time={seconds}", "-timeout=20", "-rss_limit_mb=2048", "-print_final_stats=1"]
    atheris.Setup(["fuzz", f"-artifact_prefix={found.parent}/", *options, str(found), str(corpus)], one)
    atheris.Fuzz()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(TARGETS)}; default: all")
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--write-docs", action="store_true")
    parser.add_argument("--here", action="store_true", help="one target in this process")
    given = parser.parse_args()
    if unknown := set(given.targets) - set(TARGETS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; give some of {', '.join(TARGETS)}.")
    if given.here:
        fuzz(given.targets[0], given.seconds)
    sys.path.insert(0, str(ROOT / "benchmarks" / "reliability"))
    from rows import Row, report

    rows = []
    for name in given.targets or TARGETS:
        program = [sys.executable, __file__, name, "--here", "--seconds", str(given.seconds)]
        done = subprocess.run(program, stderr=subprocess.PIPE, text=True, errors="replace")
        runs = re.search(r"stat::number_of_executed_units: (\d+)", done.stderr)
        peak = re.search(r"stat::peak_rss_mb: +(\d+)", done.stderr)
        tried = int(runs[1]) if runs else 1
        if done.returncode:
            print(done.stderr[-4000:], file=sys.stderr)
        rows.append(
            Row(name, tried, tried - bool(done.returncode), 0, None, float(peak[1]) if peak else None)
        )
        print(rows[-1], file=sys.stderr)
    note = f"atheris, {given.seconds} seconds for each target; answers and clean errors are not told apart."
    report("fuzz", rows, note, write_docs=given.write_docs)


if __name__ == "__main__":
    main()
