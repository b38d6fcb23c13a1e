"""Damaged and hostile tables, shards, Parquet and Arrow of labelled photos: for docs/reliability.md.

    python benchmarks/reliability/data_sets.py [--mutations 2000] [--write-docs]

Small data sets of our own making, one file of each mutated: opening it and reading its photos must give
photos or an error of ours.
"""

import argparse
import io
import json
import random
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from rows import report
from trials import clean, mutated, run

from helpers.dataset_photos import png  # isort: skip - `trials` makes it importable

Case = tuple[str, bytes]  # the name of a file among photos, and its content
PHOTOS = {f"images/{n}.png": png(n) for n in range(4)}
LABELS = ("daisy", "rose", "daisy", "tulip")


def photos_or_refused(case: Case) -> bool:
    from inception_hub.data import open_dataset
    from inception_hub.errors import ImageError

    name, content = case

    def read() -> None:
        with tempfile.TemporaryDirectory() as folder:
            for path, photo in {**PHOTOS, name: content}.items():
                (Path(folder) / path).parent.mkdir(exist_ok=True)
                (Path(folder) / path).write_bytes(photo)
            if name.endswith(".arrow"):  # as `save_to_disk` leaves it
                (Path(folder) / "state.json").write_text(json.dumps({"_data_files": [{"filename": name}]}))
            whole = name.startswith("metadata") or name.endswith(".arrow")
            given = Path(folder) if whole else Path(folder) / name
            for split in open_dataset(given, to_train=False).splits.values():
                for row in range(min(len(split), 100)):
                    with suppress(ImageError):
                        assert isinstance(split.name(row), str) and isinstance(split.encoded(row), bytes)

    return clean(read)


def tables() -> Iterator[Case]:
    rows = list(zip(PHOTOS, LABELS, ("train", "train", "val", "test"), strict=True))
    for name, delimiter in (("metadata.csv", ","), ("list.csv", ";"), ("list.tsv", "\t")):
        lines = (delimiter.join(row) for row in [("file_name", "label", "split"), *rows])
        yield name, "\r\n".join(lines).encode()
    yield "bare.csv", "".join(f'"{path}","{label}"\n' for path, label, _ in rows).encode()
    records = (json.dumps({"file_name": path, "label": label}) for path, label, _ in rows)
    for name in ("metadata.jsonl", "list.ndjson"):
        yield name, "\n".join(records).encode()


def shards() -> Iterator[Case]:
    for format in (tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT):
        file = io.BytesIO()
        with tarfile.open(fileobj=file, mode="w", format=format) as archive:
            for n, (photo, label) in enumerate(zip(PHOTOS.values(), LABELS, strict=True)):
                for ending, content in (("png", photo), ("cls", label.encode()), ("json", b'{"label": 1}')):
                    info = tarfile.TarInfo(f"photos/{n}.{ending}")
                    info.size = len(content)
                    archive.addfile(info, io.BytesIO(content))
        yield "train-0.tar", file.getvalue()


def parquet() -> Iterator[Case]:
    import pyarrow.parquet

    embedded = [{"bytes": photo, "path": path} for path, photo in PHOTOS.items()]
    kinds: tuple[dict[str, Any], ...] = (
        {"image": embedded, "label": list(LABELS)},
        {"image": list(PHOTOS.values()), "label": [0, 1, 0, 2], "split": ["train"] * 4},
        {"path": list(PHOTOS), "label": pyarrow.array(LABELS).dictionary_encode()},
    )
    for columns in kinds:
        for compression, version in (("none", "1.0"), ("snappy", "1.0"), ("zstd", "2.0")):
            file = io.BytesIO()
            pyarrow.parquet.write_table(
                pyarrow.table(columns), file, compression=compression, data_page_version=version
            )
            yield "train-0.parquet", file.getvalue()


def saved() -> Iterator[Case]:
    import pyarrow

    embedded = [{"bytes": photo, "path": path} for path, photo in PHOTOS.items()]
    for columns in (
        {"image": embedded, "label": [0, 1, 0, 2]},
        {"image": list(PHOTOS.values()), "label": pyarrow.array(LABELS).dictionary_encode()},
    ):
        yield arrow(pyarrow.table(columns))


def arrow(table: Any, compression: str | None = None) -> Case:
    import pyarrow

    file = io.BytesIO()
    options = pyarrow.ipc.IpcWriteOptions(compression=compression)
    with pyarrow.ipc.new_stream(file, table.schema, options=options) as stream:
        stream.write_table(table)
    return "data-00000-of-00001.arrow", file.getvalue()


def mutations(cases: Iterator[Case], count: int) -> Iterator[Case]:
    """Every case as it is, cut short, and mutated; `count` in all."""
    kinds, generator = list(cases), random.Random(0)
    yield from kinds
    for number in range(count - len(kinds)):
        name, content = kinds[number % len(kinds)]
        changed = mutated(content, generator)
        yield name, content[: generator.randrange(len(content))] if number % 10 == 0 else changed


def bombs() -> Iterator[Case]:
    """Small files that ask for much: rows, texts, pages, braces, structures, headers."""
    import pyarrow.parquet

    def written(columns: dict[str, Any], **options: Any) -> Case:
        file = io.BytesIO()
        pyarrow.parquet.write_table(pyarrow.table(columns), file, compression="zstd", **options)
        return "train-0.parquet", file.getvalue()

    def once(value: bytes | str, rows: int) -> Any:
        return pyarrow.DictionaryArray.from_arrays(pyarrow.array([0] * rows, "int32"), pyarrow.array([value]))

    nothing = pyarrow.nulls(5_000_000, pyarrow.binary())
    yield written({"image": nothing, "label": nothing})
    yield written({"image": [bytes(200 << 20)], "label": [0]})
    yield written({"image": [b"a"], "label": ["x" * (200 << 20)]})
    noise = [random.Random(n).randbytes(200) for n in range(20_000)]
    yield written({"image": noise, "label": once("x" * 100_000, 20_000)}, store_schema=False)
    photo = {"image": once(bytes(60 << 20), 100), "label": list(range(100)), "noise": noise[:100]}
    yield written(photo, store_schema=False)
    yield written({"image": [b"a"], "label": [[None] * 5_000_000]})
    for compression in ("lz4", "zstd"):
        large = pyarrow.table({"image": [bytes(200 << 20)] * 4, "label": [0, 1, 2, 3]})
        yield arrow(large, compression)
    yield arrow(pyarrow.table({"image": nothing, "label": nothing}))
    yield "list.csv", b"path,label\n" + b"," * (64 << 20)
    yield "list.csv", b"path,label\n" + b'"' * (64 << 20)
    yield "list.csv", b"path," * 5_000_000 + b"label\n"
    yield "list.jsonl", b"[" * (16 << 20)
    yield "list.jsonl", b'{"a":' * 1_000_000
    yield "list.jsonl", b"".join(b'{"%d": 0}\n' % n for n in range(100_000))
    yield "train-0.tar", tarfile.TarInfo("a.png").tobuf() * 100_000
    long = tarfile.TarInfo("././@LongLink")
    long.size, long.type = 1 << 34, tarfile.GNUTYPE_LONGNAME
    yield "train-0.tar", long.tobuf() + bytes(1024)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--mutations", type=int, default=2000, help="of each kind")
    parser.add_argument("--write-docs", action="store_true")
    given = parser.parse_args()
    rows = [
        run(f"{what}, mutated", photos_or_refused, mutations(cases, given.mutations))
        for what, cases in (
            ("CSV and JSON lines", tables()),
            ("tar shards", shards()),
            ("Parquet", parquet()),
            ("Arrow, as save_to_disk writes it", saved()),
        )
    ]
    rows.append(run("bombs: rows, texts, pages, fields, structures, headers", photos_or_refused, bombs()))
    report("data_sets", rows, write_docs=given.write_docs)


if __name__ == "__main__":
    main()
