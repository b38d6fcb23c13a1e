"""Bombs for records.py: small files that ask for much memory or time, and text that is none."""

import io
import json
import struct
import zipfile
from collections.abc import Iterator
from typing import Any

import numpy as np
from record_files import SETTINGS, Case, exports, journals, runs

MANY = 1_000_000
WIDTH = 105  # numbers of a vector of the small module
DEEP = b"[" * 100_000


def bombs() -> Iterator[Case]:
    for make in (arrays, parquet, lines, toml, records, descriptions, converted, kept):
        yield from make()


def zipped(members: dict[str, bytes], kind: int = zipfile.ZIP_DEFLATED, packed: int | None = None) -> bytes:
    """An archive; `packed`: the packed bytes that it claims for each member."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", kind) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
        if packed is not None:
            for each in archive.infolist():
                each.compress_size = packed  # in the list of members alone
    return file.getvalue()


def array(given: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, given)
    return file.getvalue()


def arrays() -> Iterator[Case]:
    """Arrays of zeros and of nothing, packed, and archives of very many members."""
    zeros, paths = np.zeros((500_000, WIDTH), np.float32), np.full(500_000, "a")
    members = {"vectors.npy": array(zeros), "paths.npy": array(paths), "module.npy": array("small")}
    for kind in (zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        yield "compared", {"vectors.npz": zipped(members, kind)}
        yield "compared", {"vectors.npz": zipped(members, kind, packed=1 << 31)}
    long = members | {"paths.npy": array(np.full(3000, "x" * 32_000))}
    yield "compared", {"vectors.npz": zipped(long)}
    entry = b"PK\1\2" + bytes(24) + b"\1\0" + bytes(16) + b"a"
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, len(entry) * 2 * MANY, 0, 0)
    yield "compared", {"vectors.npz": entry * 2 * MANY + end}
    yield "converted", {"x.pt2": entry * 2 * MANY + end}
    header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (%s, 105), }"
    for rows in (b"9" * 18, b"-1", b"9" * 5000):
        made = header % rows + b"\n"
        yield "compared", {"vectors.npy": b"\x93NUMPY\1\0" + struct.pack("<H", len(made)) + made + bytes(400)}


def parquet() -> Iterator[Case]:
    """Columns of one value, of nulls and of long texts, in many groups."""
    import pyarrow
    from pyarrow import parquet

    from inception_hub.output.parquet import schema

    def written(columns: dict[str, Any], kind: Any, groups: int, settings: dict[str, str]) -> bytes:
        """As many bytes as rows, if not more."""
        file = io.BytesIO()
        table = pyarrow.table(columns, schema(kind).with_metadata(settings))
        with parquet.ParquetWriter(file, table.schema, compression="zstd", write_page_checksum=True) as made:
            for _ in range(groups):
                made.write_table(table, len(table))
        content = file.getvalue()
        end = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
        return content[:end] + bytes(len(table) * groups) + content[end:]

    settings = {"inception_hub.settings": json.dumps(SETTINGS)}
    for rows, path, groups in ((MANY, "a", 5), (3000, "x" * 300_000, 3), (3000, "x" * 20_000, 60)):
        texts = {"path": [path] * rows, "module": ["small"] * rows}
        predicted = texts | {"predictions": [[]] * rows, "error": [None] * rows}
        yield "resumed", {"predictions.parquet": written(predicted, "predictions", groups, settings)}
        nothing = texts | {"vector": [None] * rows, "error": ["x"] * rows}
        yield "compared", {"vectors.parquet": written(nothing, "vector", groups, {})}
    for width, rows in ((WIDTH, 100_000), (5_000_000, 3)):
        zero = pyarrow.array(np.zeros(width * rows, np.float32))
        lists = pyarrow.ListArray.from_arrays(np.arange(rows + 1, dtype=np.int32) * width, zero)
        texts = {"path": ["a"] * rows, "module": ["small"] * rows, "error": [None] * rows}
        yield "compared", {"vectors.parquet": written(texts | {"vector": lists}, "vector", 30, {})}


def lines() -> Iterator[Case]:
    """Rows of JSON and CSV: long, deep, of very many parts."""
    row = {"path": "a", "module": "small", "vector": []}
    numbers = json.dumps(row).encode().replace(b"[]", b"[" + b"1," * 7_500_000 + b"1]") + b"\n"
    for content in (numbers * 6, DEEP + b"\n", json.dumps(row | {"path": "/a" * 4 * MANY}).encode() + b"\n"):
        yield "compared", {"vectors.jsonl": content}
    path = json.dumps(row | {"path": "/a" * 16_000, "vector": [0.5] * WIDTH}).encode() + b"\n"
    yield "compared", {"vectors.jsonl": path * 500}
    record = {".predictions.jsonl.settings.json": json.dumps(SETTINGS).encode()}
    begun = json.dumps({"path": "a", "module": "m", "predictions": []}).encode() + b"\n"
    for content in (begun * MANY, begun + DEEP, begun + b"\0" * (40 << 20), begun.replace(b"[]", DEEP)):
        yield "resumed", {"predictions.jsonl": content, **record}
    surrogate = begun.replace(b'"a"', b'"\\ud800"')
    yield "resumed", {"predictions.jsonl": surrogate, **record}
    for settings in (DEEP, b'{"module": ' + b"[" * 900 + b"]" * 900 + b"}", b"9" * 60_000, b'{"top": 1e999}'):
        yield "resumed", {"predictions.jsonl": begun, ".predictions.jsonl.settings.json": settings}
    head = b"path,module,rank,label,index,probability,error\n"
    for content in (head + b'"' * (20 << 20), head + b"a,m,1,x,1,1,\n" * MANY, head + b",\n" * MANY):
        record = {".predictions.csv.settings.json": json.dumps(SETTINGS).encode()}
        yield "resumed", {"predictions.csv": content, **record}


def toml() -> Iterator[Case]:
    """The slowest names, the deepest lists, the largest numbers."""
    dotted = "[" + ".".join(["t"] * 100) + "]\n"
    names = [".".join(["a"] * 99 + [f"b{n}"]) + " = 1\n" for n in range(5000)]
    for size, name, reader in ((1 << 20, "settings", "configured"), (1 << 16, "recipe", "followed")):
        for text in (
            dotted + "".join(names),
            "a = " + "[" * size,
            "a = " + "{a=" * (size // 3),
            "a = 0x" + "f" * (size - 9),
            "a = " + "9" * (size - 9),
            "a = 1." + "9" * (size - 9),
            "[[a.b]]\n[a.b.c]\n" * (size // 17),
            "[classify]\ntop = 0x" + "f" * 500,
            "\ud800",
            '[classify]\nmodule = "' + "x" * (size - 30) + '"',
            "a" * size,
            "\0" * size,
        ):
            yield reader, {f"{name}.toml": text.encode("utf-8", "surrogatepass")[:size]}


def records() -> Iterator[Case]:
    """Journals and decisions."""
    whole = next(journals())[1]["copy.jsonl"]
    head, entry = whole.splitlines(keepends=True)[:2]
    for content in (
        head + b"".join(b'{"done":%d}\n' % number for number in range(3 * MANY)),
        head + b"".join(entry.replace(b'"id": 1', b'"id": %d' % n) for n in range(1, 20_000)),
        head + DEEP + b"\n" + entry,
        head.replace(b'"m"', DEEP),
        head + entry.replace(b'"id": 1', b'"id": ' + b"9" * 4000),
        head + entry.replace(b"cat/", b"c" * 500_000 + b"/"),
        head + b"\0" * (40 << 20),
    ):
        yield "undone", {"copy.jsonl": content}
    names = b"path,split,decision\n"
    for content in (
        names + b'"\xff",train,exclude\n' * 300_000,
        names + b"x" * (20 << 20),
        b'sep="\n' + names,
        b"sep= \n" + names,
        names + b"\x1b[2J" * 50 + b",a,exclude\n",
    ):
        yield "excluded", {"decisions.csv": content}


def descriptions() -> Iterator[Case]:
    """What save_to_disk writes, with one file named very often, and deep JSON; lists of very many classes."""
    import pyarrow
    from data_sets import arrow, saved
    from helpers.dataset_photos import png

    name, content = next(saved())
    often = {"_data_files": [{"filename": name}] * 600_000}
    splits = {"splits": [f"{'./' * (n % 50)}{'.' * (n % 2)}/train" for n in range(200_000)]}
    for state in (json.dumps(often).encode(), DEEP, b'{"_data_files": ' + DEEP, b'{"_data_files": []}'):
        yield "opened", {"state.json": state, name: content}
    state = {"train/state.json": json.dumps({"_data_files": [{"filename": name}]}).encode()}
    for described in (json.dumps(splits).encode(), DEEP, b'{"splits": {}}', b'{"splits": ["\\ud800"]}'):
        yield "opened", {"dataset_dict.json": described, f"train/{name}": content, **state}
    photos = {"image": [png(n) for n in range(2)], "label": [0, 1]}
    for told in (
        DEEP,
        b'{"info": {"features": ' + DEEP,
        b'{"info": {"features": {"label": {"names": [NaN]}}}}',
    ):
        table = pyarrow.table(photos).replace_schema_metadata({"huggingface": told})
        yield (
            "opened",
            {"state.json": json.dumps({"_data_files": [{"filename": name}]}).encode(), name: arrow(table)[1]},
        )
    listed = {f"{n}.png": png(n) for n in range(2)} | {"metadata.csv": b"file_name,label\n0.png,0\n1.png,1\n"}
    for classes in (b"a\n" * (8 << 20), b"x" * (16 << 20), b"\x1b[2J\n\xef\xbf\xbd\n", b"\xed\xa0\x80\nb\n"):
        yield "opened", listed | {"labels.txt": classes}
        yield "opened", listed | {"wnids.txt": classes}


def converted() -> Iterator[Case]:
    """Exports whose descriptions are deep, long, or of other shapes than their bytes."""
    onnx, program, timm = (files for _, files in exports())
    config = json.loads(timm["x/config.json"])
    for told in (DEEP, b'{"architecture": ' + DEEP, b"9" * (15 << 20),
                 json.dumps(config | {"model_args": {"in_chans": "\x1b" * 5000}}).encode(),
                 json.dumps(config | {"label_names": ["x"] * MANY}).encode()):  # fmt: skip
        yield "converted", timm | {"x/config.json": told}
    weights = timm["x/model.safetensors"]
    for header in (b" " * MANY, DEEP, b'{"__metadata__": {"labels": "' + b"[" * 900_000 + b'"}}'):
        made = len(header).to_bytes(8, "little") + header + weights[-1000:]
        yield "converted", timm | {"x/model.safetensors": made}
    with zipfile.ZipFile(io.BytesIO(program["x.pt2"])) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    told = next(name for name in members if name.endswith("model_weights_config.json"))
    for content in (DEEP, b'{"config": ' + DEEP, b" " * (17 << 20), b'{"config": {}}'):
        yield "converted", {"x.pt2": zipped(members | {told: content}, zipfile.ZIP_STORED)}
    yield "converted", {"x.pt2": zipped(members | {told: b" " * (64 << 20)})}
    for content in (
        b"\x3a" + b"\x80" * 9 + b"\x01",
        b"\x3a\x00" * MANY,
        onnx["x.onnx"] * 20,
        b"\x72\x00" * MANY,
    ):
        yield "converted", {"x.onnx": content}


def kept() -> Iterator[Case]:
    """What a run keeps, of other forms."""
    _, whole = next(runs())
    for name in ("features/resize.json", "pixels/pixels.jsonl", "trackers.json", "checkpoint.safetensors"):
        yield "continued", whole | {name: DEEP + b"\n"}
        yield "continued", whole | {name: whole[name].replace(b"}", b"}" + DEEP, 1)}
    facts = json.dumps({"__metadata__": {"facts": DEEP.decode()}}).encode()
    yield "continued", whole | {"checkpoint.safetensors": len(facts).to_bytes(8, "little") + facts}
    facts = json.dumps({"__metadata__": {"facts": "[]"}}).encode()
    yield "continued", whole | {"checkpoint.safetensors": len(facts).to_bytes(8, "little") + facts}
