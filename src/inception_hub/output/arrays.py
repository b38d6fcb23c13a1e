"""Feature vectors as NumPy's own files: `.npy`, one array, and `.npz`, arrays by name. Nothing is pickled.

How many rows there are is known at the end. Until then vectors and texts lie in the folder `OUTPUT.parts`, so
that no more than a few rows are in memory.
"""

import io
import json
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from itertools import islice
from pathlib import Path
from typing import IO, Literal, Self, final

import numpy as np

from ..errors import OutputError
from ..inference.row import Row
from ..system.locks import hold_directory, release
from ..system.outputs import as_output_error, refuse_existing, taken
from ..system.text import encoded
from .files import CHUNK, STDOUT, PendingFile
from .resume import Done
from .settings import NO_SETTINGS, Settings, to_json

DTYPE = np.dtype("<f4")
VECTORS, TEXTS = "vectors", ("paths", "unreadable", "errors")  # arrays, and files until all is done
SETTINGS = "settings"  # an array of one text
AT_A_TIME = 1024  # texts in memory


@final
class ArrayWriter:
    """Writes the vectors of photos, each of `length` numbers, as `npy` or `npz`.

    `npy`: float32 [photos, length], in which an error is a row of NaN. `npz`: `vectors`, float32
    [n, length], with their `paths` [n]; `unreadable` [m], the paths of the others, with their `errors` [m];
    `module`, its name, and `settings`, JSON of all that made the vectors. Texts are of NumPy's fixed-width
    Unicode.

    The file is there when it is closed; abandoned, nothing is. What is at `output` is refused.
    """

    def __init__(
        self,
        format: Literal["npy", "npz"],
        output: Path | None,
        length: int,
        settings: Settings = NO_SETTINGS,
    ) -> None:
        if output is None and sys.stdout.isatty():
            raise OutputError(f"{format} is not for terminals; give --output FILE or another format.")
        self.done = Done()
        self._format, self._output, self._length = format, output, length
        self._module, self._count, self._settings = "", 0, settings
        self._lock: int | None = None
        self._files = ExitStack()
        self._folder = self._begin(output)
        with as_output_error(output or STDOUT):
            try:
                self._vectors = self._files.enter_context((self._folder / VECTORS).open("wb"))
                self._texts = {name: _Texts(self._folder / name, self._files) for name in TEXTS}
            except BaseException:
                self._end()
                raise

    def _begin(self, output: Path | None) -> Path:
        with as_output_error(output or STDOUT):
            if output is None:
                return Path(tempfile.mkdtemp())
            refuse_existing(output)
            folder = output.with_name(f"{output.name}.parts")
            folder.parent.mkdir(parents=True, exist_ok=True)
            try:
                self._lock = hold_directory(folder)
            except BlockingIOError as error:
                raise taken(output) from error
            return folder

    def write(self, row: Row) -> None:
        self._module = row.module
        with as_output_error(self._output or STDOUT):
            if row.vector is not None:
                self._texts["paths"].add(row.path)
                self._add(row.vector)
            else:
                self._texts["unreadable"].add(row.path)
                self._texts["errors"].add(row.error or "")
                if self._format == "npy":
                    self._add(np.full(self._length, np.nan))

    def _add(self, vector: np.ndarray) -> None:
        self._vectors.write(np.ascontiguousarray(vector, DTYPE).data)
        self._count += 1

    def close(self) -> None:
        try:
            with as_output_error(self._output or STDOUT):
                self._files.close()
                pending = PendingFile(self._output)
                try:
                    self._write_whole(pending.file)
                    if self._output is not None:
                        refuse_existing(self._output)
                    pending.commit()
                except BaseException:
                    pending.discard()
                    raise
        finally:
            self._end()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.close()
        else:
            self._end()

    def _end(self) -> None:
        with suppress(OSError):
            self._files.close()
        with suppress(OSError):
            for name in (VECTORS, *TEXTS):
                (self._folder / name).unlink(missing_ok=True)
            self._folder.rmdir()
        release(self._lock)
        self._lock = None

    def _write_whole(self, file: IO[bytes]) -> None:
        if self._format == "npy":
            self._write_vectors(file)
            return
        with zipfile.ZipFile(file, "w") as archive:
            with archive.open(zipfile.ZipInfo(f"{VECTORS}.npy"), "w", force_zip64=True) as member:
                self._write_vectors(member)
            for name, texts in self._texts.items():
                entry = zipfile.ZipInfo(f"{name}.npy")
                entry.compress_type = zipfile.ZIP_DEFLATED  # fixed width: most of it is nothing
                with archive.open(entry, "w", force_zip64=True) as member:
                    texts.write(member)
            for name, text in (("module", self._module), (SETTINGS, to_json(self._settings).decode())):
                content = io.BytesIO()
                np.save(content, np.array(text), allow_pickle=False)
                archive.writestr(zipfile.ZipInfo(f"{name}.npy"), content.getvalue())

    def _write_vectors(self, file: IO[bytes]) -> None:
        file.write(_header(DTYPE, self._count, self._length))
        with (self._folder / VECTORS).open("rb") as vectors:
            shutil.copyfileobj(vectors, file, CHUNK)


class _Texts:
    """Texts, of which only the longest is remembered, in the file `path`: a line of JSON each."""

    def __init__(self, path: Path, files: ExitStack) -> None:
        self._path = path
        self._file = files.enter_context(path.open("w", encoding="ascii", newline="\n"))
        self._count, self._width = 0, 1

    def add(self, text: str) -> None:
        text = encoded(text).decode()
        self._file.write(json.dumps(text) + "\n")
        self._count, self._width = self._count + 1, max(self._width, len(text))

    def write(self, file: IO[bytes]) -> None:
        """All of them, as one array, to `file`; only once their own file is closed."""
        dtype = np.dtype(f"<U{self._width}")
        file.write(_header(dtype, self._count))
        for texts in self._batches():
            file.write(np.array(texts, dtype).tobytes())

    def _batches(self) -> Iterator[list[str]]:
        with self._path.open(encoding="ascii") as lines:
            while batch := [json.loads(line) for line in islice(lines, AT_A_TIME)]:
                yield batch


def _header(dtype: np.dtype, *shape: int) -> bytes:
    """What comes before an array's numbers in NumPy's format."""
    file = io.BytesIO()
    described = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, described)
    return file.getvalue()
