"""`classify` and `embed` over a cluster: paths in, a folder of Parquet out, each photo's row in it once.

A task is the paths of some photos; an actor that holds the module reads and answers them, by the very
pipeline of one machine. Paths travel rather than bytes: so a photo that cannot be read is a row like any
other, where Ray's own readers would end the run, and what is large never passes through Ray's memory. A task
lost with its machine is done again by another. Files are named after the tasks that write them, so one that
is written again replaces what there was of it.
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
from ..output.files import as_output_error, refuse_existing
from ..output.parquet import flat, schema
from . import CORES
from .storage import Place, is_url, shown, system

TASK = 64  # photos: three seconds of a core. A multiple of the pipeline's batch, so that batches are the same
FILE = 8192  # rows at least, but for the last file
LISTED = 100  # errors told


@dataclass(frozen=True)
class Question:
    """What is asked about every photo, and how it is computed; see `Options` and `Module`."""

    options: Options
    engine: EngineName
    precision: Precision


@dataclass(frozen=True)
class Outcome:
    """How many photos have their row, how many of these are errors, and the first of the errors."""

    photos: int
    failed: int
    errors: list[str]


class Worker:
    """An actor of the pool: a task's places in, their rows out."""

    def __init__(self, bundle: "ray.ObjectRef[Bundle]", question: Question, folder: str) -> None:
        with suppress(OSError):  # where it is missing, paths relative to it lead nowhere
            os.chdir(folder)
        self._question = question
        spec = ModuleSpec(ray.get(bundle))
        self._module = Module(spec, engine=question.engine, precision=question.precision, cores=CORES)

    def __call__(self, places: pa.Table) -> pa.Table:
        asked = self._question
        photos = (_place(record).photo() for record in places.to_pylist())
        rows = [flat(result.row) for result in infer(self._module, photos, asked.options)]
        return pa.Table.from_pylist(rows, schema(asked.options.kind))


def answer(bundle: Bundle, question: Question, places: Iterable[Place], output: str) -> Outcome:
    """Writes a row for each of `places` to the new folder `output`, on the cluster that Ray is connected to.

    A local folder appears when it is complete. In other storage, which cannot rename, the files appear one by
    one, and are removed should the run fail. Raises `OutputError` where `output` exists or cannot be written,
    the cluster fails, or does not see the same storage in all its machines.
    """
    tasks = list(_tasks(places))
    photos = sum(map(len, tasks))
    _quieten()
    with _new_folder(output) as (storage, path):
        try:
            ray.data.from_arrow(tasks).map_batches(
                Worker,
                fn_constructor_args=(ray.put(bundle.in_memory()), question, os.getcwd()),
                batch_size=None,
                batch_format="pyarrow",
                num_cpus=CORES,
                compute=ray.data.ActorPoolStrategy(min_size=1),
            ).write_parquet(
                path,
                filesystem=storage,
                min_rows_per_file=FILE,
                ray_remote_args={"num_cpus": 0},  # the workers may hold all cores
            )
        except RayError as error:
            raise _failure(error) from error
        with as_output_error(output):
            rows = pyarrow.dataset.dataset(path, schema(question.options.kind), filesystem=storage)
            written, bad = rows.count_rows(), pyarrow.dataset.field("error").is_valid()
            errors = rows.head(LISTED, columns=["error"], filter=bad)["error"].to_pylist()
            outcome = Outcome(written, rows.count_rows(filter=bad), errors)
        if written != photos:
            raise OutputError(
                f"{shown(output)} would hold {written} rows for {photos} photos; give an --output that all "
                "machines of the cluster see, such as a shared folder or a bucket."
            )
    return outcome


def _tasks(places: Iterable[Place]) -> Iterator[pa.Table]:
    types = pa.schema([("name", pa.binary()), ("path", pa.binary()), ("url", pa.binary())])
    left = iter(places)
    while some := list(islice(left, TASK)):
        records = [{key: text and os.fsencode(text) for key, text in asdict(place).items()} for place in some]
        yield pa.Table.from_pylist(records, types)


def _place(record: dict[str, bytes | None]) -> Place:
    return Place(**{key: text and os.fsdecode(text) for key, text in record.items()})  # pyright: ignore


@contextmanager
def _new_folder(output: str) -> Iterator[tuple[FileSystem, str]]:
    """A file system and a folder in it to write to, which becomes `output` if all goes well."""
    target = None if is_url(output) else Path(os.path.abspath(output))
    if target is None:
        storage, path = system(output)
        with as_output_error(shown(output)):
            if storage.get_file_info(FileSelector(path, allow_not_found=True)):
                raise OutputError(f"{shown(output)} exists and is left as it is; give another name.")
    else:
        parts = target.with_name(f"{target.name}.parts")
        refuse_existing(target)
        refuse_existing(parts)
        with as_output_error(output):
            parts.mkdir()
        storage, path = LocalFileSystem(), str(parts)
    try:
        yield storage, path
        if target is not None:
            refuse_existing(target)
            with as_output_error(output):
                os.rename(path, target)
    except BaseException:
        with suppress(OSError):
            storage.delete_dir(path)
        raise


def _failure(error: RayError) -> InceptionHubError:
    """What Ray tells with its traces, in a sentence; an error of ours as it is."""
    cause: BaseException = error
    while (inner := getattr(cause, "cause", None) or cause.__cause__) and inner is not cause:
        cause = inner
    if isinstance(cause, InceptionHubError):
        return cause
    reason = " ".join(str(cause).split())[:300].rstrip(".")
    return OutputError(f"The cluster could not answer ({reason}); Ray's logs on its machines say more.")


def _quieten() -> None:
    """Ray Data tells its plans, and its progress where somebody looks; the former is for its makers."""
    import sys

    logging.getLogger("ray.data").setLevel(logging.ERROR)
    ray.data.DataContext.get_current().enable_progress_bars = sys.stderr.isatty()
