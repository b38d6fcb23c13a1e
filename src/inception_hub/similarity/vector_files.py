"""Reads the feature vectors that `embed` writes: `.npy`, `.npz`, Parquet and JSON lines, within bounds.

Vectors of another module, size or settings are refused, where the file says what made them. However many
there are, they lie in a temporary file that is mapped, not in memory.
"""

import json
import os
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from tokenize import TokenError
from typing import IO, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from ..data.pages import RATIO, SMALL
from ..errors import FormatError, OutputError
from ..module import Module
from ..output.arrays import SETTINGS as ARRAY_SETTINGS
from ..output.arrays import VECTORS
from ..output.parquet import SETTINGS as PARQUET_SETTINGS
from ..output.parquet import batches
from ..output.resume import MAX_LINE
from ..output.settings import MAX_BYTES, Settings, difference, is_record, record_of
from ..system.extras import missing
from ..system.regular import open_regular
from ..system.text import may_be_path, printable, text_path
from ..system.zip_files import open_zip
from .kept import Collection

ENDINGS = (".npy", ".npz", ".parquet", ".jsonl")
NOT_READ = ".csv"  # of vectors: five times the bytes, and nothing beside it says what made them
MAX_WIDTH = 1 << 17  # bytes of a row of an array: a vector, or a path of 32,768 characters
MAX_AXES, MAX_LENGTH = 2, 1 << 48  # of an array
LAST = 0x10FFFF  # of Unicode's characters, which NumPy does not check
AT_A_TIME = 1024  # vectors in memory
HELD = 16 << 20  # bytes of JSON that these may have
PATHS = 4  # bytes of paths for each of the file, beyond `SMALL`; they stay in memory
Some = tuple[list[str], NDArray[np.float32]]  # paths, and their vectors, float32 [n, features]


def is_vector_file(path: str) -> bool:
    """Whether `path` is that of vectors, by its ending; a folder is none."""
    return path.lower().endswith((*ENDINGS, NOT_READ)) and not os.path.isdir(path)


def read_vectors(path: str, module: Module, settings: Settings) -> Collection:
    """The vectors that the file `path` holds, of `module` with `settings`; rows that are errors have none.

    Raises `FormatError` for a file that is damaged, of another kind, module, size or other settings, or holds
    numbers that are not finite; `MissingExtraError` for Parquet without pyarrow; `OutputError` without room
    for a temporary file.
    """
    name, features = Path(path), module.architecture.num_features
    if name.suffix.lower() == NOT_READ:
        raise FormatError(
            f"Vectors are not read from {path}; give what embed writes as {', '.join(ENDINGS)}."
        )
    reader = {".npy": _npy, ".npz": _npz, ".parquet": _parquet, ".jsonl": _json_lines}[name.suffix.lower()]
    try:
        with open_regular(path) as file:
            parts = reader(file, name, module.spec.bundle.name, settings)
            return _collected(name, parts, features, os.fstat(file.fileno()).st_size)
    except FormatError:
        raise
    except OSError as error:
        if isinstance(error, OutputError):
            raise
        reason = printable(str(error.strerror or error).strip())[:200]
        place = error.filename or path  # it may be the record of its settings
        raise FormatError(f"{place} cannot be read ({reason}); give vectors of embed's.") from error
    except (
        ValueError,
        TypeError,
        LookupError,
        AttributeError,
        ArithmeticError,  # of a whole number that is no float
        EOFError,
        RecursionError,  # of JSON
        MemoryError,
        SyntaxError,  # of NumPy, which reads a header as Python does, and again by its tokens
        TokenError,
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        raise _damaged(name, str(error) or "it ends too early") from error


def _collected(name: Path, parts: Iterable[Some], features: int, size: int) -> Collection:
    """All `parts` of a file of `size` bytes."""
    paths: list[str] = []
    left, left_of_paths = max(SMALL, RATIO * size), max(SMALL, PATHS * size)
    with tempfile.TemporaryFile() as file:
        for some, vectors in parts:
            left -= vectors.nbytes
            left_of_paths -= sum(map(len, some))
            if left < 0 or left_of_paths < 0:
                raise _damaged(name, f"it unpacks to far more than its {size:,} bytes")
            if vectors.ndim != 2 or vectors.shape[1] != features:
                raise FormatError(
                    f"{name} holds vectors of {list(vectors.shape[1:])} numbers, and this module's have "
                    f"[{features}]; give the --module that made them, or embed the photos again."
                )
            if len(some) != len(vectors):
                raise _damaged(name, f"{len(vectors)} vectors have {len(some)} paths")
            if not all(map(may_be_path, some)):
                raise _damaged(name, "one of its paths is none of this system's")
            finite = np.isfinite(vectors).all(axis=1)
            if not finite.all():
                of = printable(some[int(finite.argmin())])[:200]
                raise FormatError(
                    f"{name} holds numbers that are not finite, of {of}; embed these photos again."
                )
            paths += some
            try:
                file.write(np.ascontiguousarray(vectors, np.float32).data)
                file.flush()
            except OSError as error:
                raise OutputError(
                    f"The vectors of {name} have no room in {tempfile.gettempdir()} "
                    f"({error.strerror or error}); make room there, or let TMPDIR name another folder."
                ) from error
        shape = (len(paths), features)
        mapped = np.memmap(file, np.float32, "r", 0, shape) if paths else np.empty(shape, np.float32)
        return Collection(paths, mapped)


def _npy(file: IO[bytes], name: Path, module: str, settings: Settings) -> Iterator[Some]:
    """Vectors without paths: each is called by its row. Rows of NaN are errors of `embed`'s."""
    row = 0
    for vectors in _rows(file, name, os.fstat(file.fileno()).st_size, "f", 2):
        read = ~np.isnan(vectors).all(axis=1)
        yield [f"{name}[{row + place}]" for place in np.flatnonzero(read)], vectors[read].astype(np.float32)
        row += len(vectors)


def _npz(file: BinaryIO, name: Path, module: str, settings: Settings) -> Iterator[Some]:
    with open_zip(file) as archive:
        members = {each.filename.removesuffix(".npy"): each for each in archive.infolist()}

        def text(member: str) -> str:
            with archive.open(members[member]) as opened:
                (whole,) = _rows(opened, name, members[member].file_size, "U", 0)
            return str(whole[0])

        if ARRAY_SETTINGS in members:
            _check(name, text(ARRAY_SETTINGS).encode(), settings)
        _check_name(name, text("module"), module)
        vectors, paths = members[VECTORS], members["paths"]
        with archive.open(vectors) as numbers, archive.open(paths) as texts:
            names = _rows(texts, name, paths.file_size, "U", 1)
            for some in _rows(numbers, name, vectors.file_size, "f", 2):
                yield [str(path) for path in next(names, ())], some.astype(np.float32)
            if next(names, None) is not None:
                raise _damaged(name, "it has more paths than vectors")


def _rows(file: IO[bytes], name: Path, size: int, kind: str, axes: int) -> Iterator[NDArray[Any]]:
    """The rows of an array of NumPy's format, some at a time; one without axes is whole.

    `size`: bytes that it may have. Raises `FormatError` for another `kind` of numbers, or number of `axes`.
    """
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, fortran, dtype = read(file)
    if len(shape) > MAX_AXES or not all(0 <= length <= MAX_LENGTH for length in shape):
        raise _damaged(name, "no array of vectors has its shape")
    if dtype.hasobject or dtype.kind != kind or fortran or len(shape) != axes:
        raise FormatError(
            f"{name} holds {printable(str(dtype))[:60]} {list(shape)}; give float32 [photos, features], as "
            "embed writes."
        )
    width = dtype.itemsize * int(np.prod(shape[1:], dtype=object))
    count = shape[0] if axes else 1
    if width * count > size or width > MAX_WIDTH:
        raise _damaged(name, "it ends too early")
    for start in range(0, count, AT_A_TIME):
        some = min(AT_A_TIME, count - start)
        content = file.read(some * width)
        if kind == "U" and (np.frombuffer(content, dtype.byteorder + "u4") > LAST).any():
            raise _damaged(name, "a text in it is none")
        yield np.frombuffer(content, dtype).reshape(some, *shape[1:])


def _parquet(file: BinaryIO, name: Path, module: str, settings: Settings) -> Iterator[Some]:
    try:
        import pyarrow as pa
        from pyarrow import compute, parquet
    except ImportError as error:
        raise missing("Parquet needs pyarrow", "parquet") from error
    try:
        with parquet.ParquetFile(file, page_checksum_verification=True) as opened:
            if kept := (opened.schema_arrow.metadata or {}).get(PARQUET_SETTINGS):
                _check(name, kept, settings)
            for batch in batches(opened, file, ["path", "module", "vector"]):
                batch.validate(full=True)
                batch = batch.filter(batch["vector"].is_valid())
                for made in batch["module"].unique().to_pylist():
                    _check_name(name, str(made), module)
                lengths = compute.call_function("list_value_length", [batch["vector"]]).unique().to_pylist()
                numbers = batch["vector"].flatten()
                if len(lengths) > 1 or not pa.types.is_floating(numbers.type):
                    raise _damaged(name, "its vectors are no lists of as many numbers each")
                if lengths:
                    vectors = numbers.to_numpy(zero_copy_only=False).astype(np.float32, copy=False)
                    paths = [text_path(str(each)) for each in batch["path"].to_pylist()]
                    yield paths, vectors.reshape(-1, lengths[0])
    except pa.ArrowException as error:
        raise _damaged(name, str(error)) from error


def _json_lines(file: IO[bytes], name: Path, module: str, settings: Settings) -> Iterator[Some]:
    try:
        with open_regular(record_of(name)) as record:
            _check(name, record.read(MAX_BYTES), settings)
    except FileNotFoundError:
        pass  # from standard output: the rows name the module
    paths: list[str] = []
    vectors: list[NDArray[np.float32]] = []
    held = 0
    while line := file.readline(MAX_LINE):
        if len(line) == MAX_LINE:
            raise _damaged(name, f"a line is longer than {MAX_LINE:,} bytes")
        row = json.loads(line)
        _check_name(name, str(row["module"]), module)
        if "error" in row:
            continue
        paths.append(text_path(str(row["path"])))
        vectors.append(np.array(row["vector"], np.float32))
        held += len(line)
        if len(paths) == AT_A_TIME or held > HELD:
            yield paths, np.stack(vectors)
            paths, vectors, held = [], [], 0
    if paths:
        yield paths, np.stack(vectors)


def _check(name: Path, kept: bytes, settings: Settings) -> None:
    """Raises `FormatError` if `kept`, the record of what made the vectors, does not say `settings`."""
    if not is_record(kept):
        raise _damaged(name, "the record of its settings is damaged")
    if clause := difference(kept, settings):
        raise FormatError(f"{name} holds {clause}; give what made them, or embed the photos again.")


def _check_name(name: Path, made: str, module: str) -> None:
    if made != module:
        raise FormatError(
            f"{name} holds vectors of {printable(made)[:60]}, and the module is {module}; give the --module "
            "that made them, or embed the photos again."
        )


def _damaged(name: Path, reason: str) -> FormatError:
    return FormatError(
        f"{name} holds no such vectors as embed writes ({printable(reason)[:200]}); give one of "
        f"{', '.join(ENDINGS)}."
    )
