"""A listener that writes a run's figures to the experiment trackers that were asked for."""

import importlib
import json
import os
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from ..errors import ArgumentError, InceptionHubError, OutputError
from ..evaluation import Epoch, Evaluation
from ..sources.network import OFFLINE, is_offline
from ..system.atomic import atomic_file
from ..system.extras import missing
from ..system.outputs import as_output_error
from ..system.regular import read_bounded
from ..system.text import path_text, printable
from .choices import TRACKERS
from .listener import RunListener
from .scalars import epoch_scalars, module_scalars
from .settings import Settings

if TYPE_CHECKING:
    from .trackers import TrackedRun

# They report to their makers by themselves, and log the errors that they raise; who sets these decides.
QUIET = {
    "WANDB_ERROR_REPORTING": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_LOGGING_LEVEL": "CRITICAL",
}
LONGEST_NAME = 100  # characters of a run's name
MAX_BYTES = 1 << 16  # of what identifies the runs
LONGEST_REASON = 200  # characters of what a tracker says was wrong


class Tracking(RunListener):
    """A listener that writes scalars to the trackers `names`; a context manager, which ends their runs.

    A tracker that fails while the run goes costs its figures, not the run: `note` gets a sentence, and
    nothing more is written to it. After an exception in the block runs end as failed, after Ctrl-C as killed.

    Raises `MissingExtraError`, and `ArgumentError` for an unknown tracker, for one that would ask for an API
    key, and for one that is set up to send runs to a host where `INCEPTION_HUB_OFFLINE` forbids it.
    """

    def __init__(self, names: Iterable[str], note: Callable[[str], object]) -> None:
        self._kinds = {name: _ready(name, note) for name in dict.fromkeys(names)}
        self._note = note
        self._runs: dict[str, TrackedRun] = {}
        self._failed: set[str] = set()

    def begin(self, name: str, settings: Settings, file: Path, resume: bool) -> None:
        """Begins a run called `name` in each tracker, which shows `settings`.

        `file` keeps what identifies the runs; with `resume` those that it names are continued. Raises
        `OutputError` where a tracker cannot begin one.
        """
        if not self._kinds:
            return
        from accelerate import PartialState

        PartialState()  # asked by accelerate's trackers which process this is
        known = _known(file) if resume else {}
        for tracker, kind in self._kinds.items():
            try:
                with _quietly(tracker, self._note):
                    run = kind.begin(printable(path_text(name))[:LONGEST_NAME], settings, known.get(tracker))
                    self._runs[tracker], place = run, run.place
            except Exception as error:
                again = f", or remove {file} to begin a new run there" if tracker in known else ""
                raise OutputError(
                    f"{tracker} cannot begin a run ({_reason(error)}); set it up so that it can{again}, "
                    f"or leave out --log-with {tracker}."
                ) from error
            self._note(f"Logging with {tracker}: {place}")
        with as_output_error(file), atomic_file(file) as temporary:
            runs = {name: run.identity for name, run in self._runs.items()}
            temporary.write_bytes(json.dumps(runs).encode())

    def epoch(self, epoch: Epoch) -> None:
        self._log(epoch_scalars(epoch), epoch.epoch)

    def written(self, evaluations: Sequence[Evaluation], epochs: int) -> None:
        self._log(module_scalars(evaluations), epochs)

    def _log(self, scalars: dict[str, float], step: int) -> None:
        for tracker, run in self._runs.items():
            if tracker not in self._failed:
                with self._surviving(tracker):
                    run.log(scalars, step=step)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        status = "finished" if kind is None else "killed" if kind is KeyboardInterrupt else "failed"
        for tracker, run in self._runs.items():
            with self._surviving(tracker):
                run.end(status)

    @contextmanager
    def _surviving(self, tracker: str) -> Iterator[None]:
        """Turns the first failure of a tracker in the block into a note."""
        try:
            with _quietly(tracker, self._note):
                yield
        except Exception as error:
            if tracker not in self._failed:
                self._note(
                    f"{tracker} failed ({_reason(error)}): its run is incomplete from here on; nothing else "
                    "is lost."
                )
            self._failed.add(tracker)


@contextmanager
def _quietly(tracker: str, note: Callable[[str], object]) -> Iterator[None]:
    """Keeps a tracker from writing to the terminal in the block; its warnings become notes."""
    printed = StringIO()
    with warnings.catch_warnings(record=True) as caught:
        with redirect_stdout(printed), redirect_stderr(printed):
            yield
    for warning in caught:
        if warning.category is UserWarning:  # others are for who writes programs
            note(f"{tracker}: {_in_a_line(warning.message)}")


def _ready(name: str, note: Callable[[str], object]) -> "type[TrackedRun]":
    """The class of the tracker's runs, once nothing stands in the way that can be known beforehand."""
    if name not in TRACKERS:
        raise ArgumentError(f"--log-with (log_with=) is {name!r}; give one of {', '.join(TRACKERS)}.")
    for variable, value in QUIET.items():
        os.environ.setdefault(variable, value)
    try:
        with _quietly(name, note):
            from .trackers import KINDS

            if importlib.import_module(name).__file__ is None:  # a folder of this name, such as wandb's runs
                raise ModuleNotFoundError(name=name)
            kind = KINDS[name]
            host = kind.host()
            if host is not None and is_offline():
                raise ArgumentError(
                    f"{name} is set up to log to {host}, and {OFFLINE} forbids the network; set {name} up to "
                    f"log to this machine, or leave out --log-with {name}."
                )
            kind.check()
            return kind
    except ModuleNotFoundError as error:
        raise missing(f"Logging with {name} needs {error.name}", name) from error
    except InceptionHubError:
        raise
    except Exception as error:
        raise ArgumentError(
            f"{name} is not ready ({_reason(error)}); set it up, or leave out --log-with {name}."
        ) from error


def _known(file: Path) -> dict[str, str]:
    """What identifies the runs of a run that is resumed, by tracker; empty where that was not kept."""
    try:
        kept = json.loads(read_bounded(file, MAX_BYTES, "remove it"))
    except (ValueError, RecursionError):
        return {}
    is_known = isinstance(kept, dict) and all(isinstance(run, str) for run in kept.values())
    return kept if is_known else {}


def _reason(error: BaseException) -> str:
    """What was wrong at first: trackers wrap errors of files and connections in pages of their own."""
    while cause := error.__cause__ or error.__context__:
        error = cause
    return _in_a_line(error).rstrip(".")[:LONGEST_REASON] or type(error).__name__


def _in_a_line(message: object) -> str:
    return printable(" ".join(str(message).split()))
