"""`classify` and `embed` on a cluster: photos' locations in, a folder of Parquet out with one row per photo.

A task is the locations of some photos. An actor that holds the module reads the photos and makes their rows,
by the same code as on one machine. Locations are sent rather than bytes: so a photo that cannot be read is a
row with an error, where Ray's own readers would end the run, and no large data passes through Ray's memory. A
task that is lost with its machine is repeated by another. Files are named after the tasks that write them, so
a repeated task replaces its file.
"""
# pyright: reportMissingImports=false

import logging
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset
import ray
import ray.data
from pyarrow.fs import FileSelector, FileSystem, LocalFileSystem
from ray.exceptions import RayError

from ..bundle import Bundle
from ..engines import EngineName, Precision
from ..errors import InceptionHubError, OutputError
from ..inference.options import Options
from ..inference.pipeline import infer
from ..module import Module
from ..module_spec import ModuleSpec
from ..output.parquet import flat, schema
from ..output.run import LISTED, Summary
from ..system.atomic import flush_directory
from ..system.open_files import rename
from ..system.outputs import as_output_error, claimed, refuse_existing
from . import CORES
from .error_text import one_line
from .storage import PhotoLocation, file_system, is_url, without_credentials

TASK_SIZE = 64  # photos, three seconds of a core; a multiple of the batch size, so that batches are the same
ROWS_PER_FILE = 8192  # at least, but for the last file


@dataclass(frozen=True)
class InferenceTask:
    """What is computed for every photo, and how; see `Options` and `Module`."""

    options: Options
    engine: EngineName
    precision: Precision


class Worker:
    """An actor of Ray's pool: takes the locations of a task and returns their rows."""

    def __init__(self, bundle: "ray.ObjectRef[Bundle]", task: InferenceTask, folder: str) -> None:
        """`folder`: the working directory that relative paths start from."""
        with suppress(OSError):  # where it is missing, relative paths lead nowhere
            os.chdir(folder)
        self._options = task.options
        spec = ModuleSpec(ray.get(bundle))
        self._module = Module(spec, engine=task.engine, precision=task.precision, cores=CORES)

    def __call__(self, locations: pa.Table) -> pa.Table:
        options = self._options
        photos = (_location(record).photo() for record in locations.to_pylist())
        results = infer(self._module, photos, options)
        return pa.Table.from_pylist([flat(result.row) for result in results], _schema(options))


def write_rows(
    bundle: Bundle, task: InferenceTask, locations: Iterable[PhotoLocation], output: str
) -> Summary:
    """Writes a row for each photo to the new folder `output`, on the cluster that Ray is connected to.

    A local folder appears when it is complete. In other storage, which cannot rename, the files appear one by
    one, and are removed should the run fail. Raises `OutputError` where `output` exists or cannot be written,
    where the cluster fails, or where its machines do not share the storage of `output`.
    """
    tasks = list(_tasks(locations))
    photos = sum(map(len, tasks))
    _silence_ray()
    with _new_folder(output) as (storage, path):
        try:
            ray.data.from_arrow(tasks).map_batches(
                Worker,
                fn_constructor_args=(ray.put(bundle.in_memory()), task, os.getcwd()),
                batch_size=None,
                batch_format="pyarrow",
                num_cpus=CORES,
                compute=ray.data.ActorPoolStrategy(min_size=1),
            ).write_parquet(
                path,
                filesystem=storage,
                min_rows_per_file=ROWS_PER_FILE,
                ray_remote_args={"num_cpus": 0},  # the workers may hold all cores
            )
        except RayError as error:
            raise _as_our_error(error) from error
        with as_output_error(output):
            rows = pyarrow.dataset.dataset(path, _schema(task.options), filesystem=storage)
            written, failed = rows.count_rows(), pyarrow.dataset.field("error").is_valid()
            errors = rows.head(LISTED, columns=["error"], filter=failed)["error"].to_pylist()
            summary = Summary(written, rows.count_rows(filter=failed), errors)
        if written != photos:
            raise OutputError(
                f"{without_credentials(output)} would hold {written} rows for {photos} photos; give an "
                "--output that all machines of the cluster see, such as a shared folder or a bucket."
            )
    return summary


def _schema(options: Options) -> pa.Schema:
    return schema(options.kind, options.coverage is not None)


def _tasks(locations: Iterable[PhotoLocation]) -> Iterator[pa.Table]:
    """Tables of locations, as bytes: paths may be no text."""
    types = pa.schema([("name", pa.binary()), ("path", pa.binary()), ("url", pa.binary())])
    remaining = iter(locations)
    while some := list(islice(remaining, TASK_SIZE)):
        records = [{key: text and os.fsencode(text) for key, text in asdict(each).items()} for each in some]
        yield pa.Table.from_pylist(records, types)


def _location(record: dict[str, bytes | None]) -> PhotoLocation:
    return PhotoLocation(**{key: text and os.fsdecode(text) for key, text in record.items()})  # pyright: ignore


@contextmanager
def _new_folder(output: str) -> Iterator[tuple[FileSystem, str]]:
    """A file system and a folder in it to write to, which becomes `output` unless the block raises."""
    if is_url(output):
        storage, path = file_system(output)
        shown = without_credentials(output)
        with as_output_error(shown):
            if storage.get_file_info(FileSelector(path, allow_not_found=True)):
                raise OutputError(f"{shown} exists and is left as it is; give another name.")
        with _removed_on_failure(storage, path):
            yield storage, path
        return
    target = Path(os.path.abspath(output))
    parts = target.with_name(f"{target.name}.parts")
    refuse_existing(target)
    with claimed(target):
        refuse_existing(parts)
        with as_output_error(output):
            parts.mkdir()
        storage, path = LocalFileSystem(), str(parts)
        with _removed_on_failure(storage, path):
            yield storage, path
            refuse_existing(target)
            with as_output_error(output):
                rename(path, target)
                flush_directory(target.parent)


@contextmanager
def _removed_on_failure(storage: FileSystem, folder: str) -> Iterator[None]:
    try:
        yield
    except BaseException:
        with suppress(OSError):
            storage.delete_dir(folder)
        raise


def _as_our_error(error: RayError) -> InceptionHubError:
    """The error of ours that a worker raised, or an `OutputError` with the text of Ray's."""
    cause: BaseException = error
    while (inner := getattr(cause, "cause", None) or cause.__cause__) and inner is not cause:
        cause = inner
    if isinstance(cause, InceptionHubError):
        return cause
    return OutputError(
        f"The cluster could not answer ({one_line(cause)}); Ray's logs on its machines say more."
    )


def _silence_ray() -> None:
    """Turns off Ray Data's logs of its plans, and its progress bars unless standard error is a terminal."""
    import sys

    logging.getLogger("ray.data").setLevel(logging.ERROR)
    ray.data.DataContext.get_current().enable_progress_bars = sys.stderr.isatty()
