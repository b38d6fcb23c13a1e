"""What records.py does to files: bytes changed, and parts of their structure, each kind by its own rules."""

import io
import json
import random
import re
import zipfile
from pathlib import Path

from trials import ODD, changed, mutated

TOML = ['"x"', "true", "[]", "{}", "inf", "nan", "-1", "9" * 20, "0x" + "f" * 40, '"\\u001b[2J"', "[[[]]]",
        '"none"', "1979-05-27", '""', "'''a\nb'''", str((1 << 63) - 1), "1e999", '"' + "x" * 5000 + '"',
        "[1, 'a', []]", "{ name = 1 }", "10", "0.5"]  # fmt: skip
SHAPES = [b"(3, -105)", b"(-3, 105)", b"(4611686018427387904, 2)", b"()", b"(0, 105)", b"(0,)", b"(3, 0)",
          b"(" + b"9" * 4000 + b",)", b"(" + b"1," * 2000 + b")", b"(True, 105)", b"3"]  # fmt: skip
DTYPES = [b"'|O'", b"'<f8'", b"'>f4'", b"'<f2'", b"'<f16'", b"'<c8'", b"'<U1'", b"'<U0'", b"'|V4'", b"'<i8'",
          b"[('a', '<f4')]", b"'<M8[D]'", b"'|S9999999'", b"'<U2147483647'", b"None", b"'x'"]  # fmt: skip


def damaged(name: str, content: bytes, generator: random.Random) -> bytes:
    """`content` with a byte or more of it changed, or a part of its structure."""
    ending = Path(name).suffix
    structure = {".json": _json, ".jsonl": _lines, ".toml": _toml, ".npy": _npy, ".npz": _zip, ".pt2": _zip,
                 ".safetensors": _safetensors, ".parquet": _parquet, ".csv": _csv}  # fmt: skip
    if ending not in structure or generator.random() < 0.4:
        return mutated(content, generator)
    return structure[ending](content, generator)


def _json(content: bytes, generator: random.Random) -> bytes:
    return json.dumps(changed(json.loads(content), generator)).encode()


def _lines(content: bytes, generator: random.Random) -> bytes:
    lines = content.splitlines(keepends=True)
    place = generator.randrange(len(lines))
    lines[place] = generator.choice([_json(lines[place], generator) + b"\n", b"", lines[place] * 2,
                                     generator.choice(lines)])  # fmt: skip
    return b"".join(lines)


def _toml(content: bytes, generator: random.Random) -> bytes:
    lines = content.decode().splitlines()
    place = generator.choice([n for n, line in enumerate(lines) if "=" in line])
    key, _, value = lines[place].partition("=")
    made = [f"{key}= {generator.choice(TOML)}", f"x.{key}={value}", f"'\\x1b'={value}", lines[place] * 2]
    lines[place] = generator.choice([made[0], made[0], *made])
    return "\n".join(lines).encode()


def _csv(content: bytes, generator: random.Random) -> bytes:
    delimiter = b";" if content.startswith(b"sep=") else b","
    cells = content.split(delimiter)
    odd = str(generator.choice(ODD)).encode("utf-8", "surrogatepass")
    cells[generator.randrange(len(cells))] = generator.choice([odd, b'"', b"exclude\n", b"sep=\x1b"])
    return generator.choice([delimiter.join(cells), b"sep=" + generator.randbytes(1) + b"\n" + content])


def _npy(content: bytes, generator: random.Random) -> bytes:
    length = int.from_bytes(content[8:10], "little")
    header = content[10 : 10 + length]
    made = [
        mutated(header, generator),
        re.sub(rb"\(.*\)", generator.choice(SHAPES), header),
        re.sub(rb"'[<|>]\w+'", generator.choice(DTYPES), header),
        generator.choice([b"(" * 5000, b"{'descr': '''", b"{" * 90 + b"L\n  a\n b", b"'" * 9000]),
    ]
    header = generator.choice(made)
    version = generator.choice([content[6:8], content[6:8], b"\2\0", b"\3\0", b"\xff\xff"])
    size = 2 if version == b"\1\0" else 4
    start = content[:6] + version + min(len(header), 65535).to_bytes(size, "little")
    return start + header[:65535] + content[10 + length :]


def _zip(content: bytes, generator: random.Random) -> bytes:
    """The archive with one member damaged or left out, its checksums right."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = archive.namelist()
        wrong = generator.choice([name for name in names if name.endswith((".npy", ".json"))])
        kinds = [zipfile.ZIP_STORED, zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA]
        with zipfile.ZipFile(made, "w", generator.choice(kinds)) as written:
            for name in names:
                whole = archive.read(name)
                if name != wrong:
                    written.writestr(name, whole)
                elif generator.random() < 0.9:
                    written.writestr(name, damaged(name, whole, generator))
    return made.getvalue()


def _safetensors(content: bytes, generator: random.Random) -> bytes:
    length = int.from_bytes(content[:8], "little")
    header = _json(content[8 : 8 + length], generator)
    return len(header).to_bytes(8, "little") + header + content[8 + length :]


def _parquet(content: bytes, generator: random.Random) -> bytes:
    """Another table of the same metadata: a column of other values, left out, or there twice."""
    import pyarrow.parquet as parquet

    table = parquet.read_table(io.BytesIO(content))
    place = generator.randrange(table.num_columns)
    name, kind = table.column_names[place], table.schema.field(place).type
    nothing = [None] * table.num_rows
    of_another = {"a": nothing, "b": [generator.choice(["x", "\x1b", "y" * 5000])] * len(nothing),
                  "c": [[0.5, float("nan")]] * len(nothing), "d": list(range(len(nothing)))}  # fmt: skip
    import pyarrow

    match generator.randrange(5):
        case 0:
            table = table.remove_column(place)
        case 1:
            table = table.append_column(name, table.column(place))
        case 2:
            table = table.set_column(place, name, pyarrow.array(nothing, kind))
        case 3:
            table = table.slice(0, generator.randrange(table.num_rows + 1))
        case _:
            table = table.set_column(place, name, [generator.choice(list(of_another.values()))])
    made = io.BytesIO()
    parquet.write_table(table, made, write_page_checksum=True)
    return made.getvalue()
