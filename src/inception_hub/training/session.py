"""The session that `finetune` and `train_from_scratch` share: how a run begins, trains and ends."""

import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from ..bundle import Bundle
from ..data import Dataset, open_dataset
from ..engines.arithmetic import has_bfloat16
from ..engines.torch import Network
from ..errors import MissingExtraError
from ..evaluation import Epoch, Evaluation
from ..images.presets import Preset
from ..inspection.decisions import without_excluded
from ..system.memory import keep_freed_memory
from ..system.outputs import as_output_error, claimed, refuse_existing
from ..system.text import path_text
from . import checkpoint
from .distillation import Distillation
from .listener import CaptionedImages, RunListener, RunListeners
from .loop import train
from .module_writer import write_module
from .preview import augmentation_preview
from .run import Run
from .selection import table
from .settings import Settings, check, precision_of, without_dashes
from .summary import RunSummary
from .teacher import Teachers
from .tensorboard import TensorBoard
from .tracking import Tracking
from .training_data import TrainingData, load_training_data, with_validation_set
from .workers import Workers

TRACKED = "trackers.json"  # what identifies the trackers' runs


@dataclass(frozen=True)
class Session:
    """A run into the module directory `output`; it is resumed from `folder`, which is `OUTPUT.run`.

    A context manager, which keeps the name `output`: two runs never write there.
    """

    output: Path
    folder: Path
    dataset: Dataset
    notes: list[str]  # for the report: what stands out in the data
    workers: Workers
    listener: RunListener  # ignores every event in processes beside the main one
    started: float
    tracking: Tracking  # part of `listener`; begins its runs by `track`
    held: ExitStack  # the name `output`, `folder` and the trackers' runs, in the main process

    @classmethod
    def begin(
        cls,
        output: Path,
        data: str,
        validation: str | None,
        device: str | None,
        listener: RunListener | None,
        exclude: Path | None = None,
        log_with: Iterable[str] = (),
    ) -> "Session":
        """Opens the data, without what the file of decisions `exclude` excludes, and joins the processes.

        `log_with`: trackers besides TensorBoard. Raises `OutputError` if `output` exists or another process
        trains into it, and what `Tracking`, `open_dataset` and `without_excluded` raise.
        """
        refuse_existing(output)
        started = time.monotonic()
        keep_freed_memory()
        workers = Workers(device)
        listener = listener if listener and workers.is_main else RunListener()
        folder = output.with_name(f"{output.name}.run")
        tracking = Tracking(log_with if workers.is_main else (), listener.note)
        with ExitStack() as stack:
            if workers.is_main:
                stack.enter_context(claimed(output))
                stack.enter_context(_folder(folder))
                stack.enter_context(tracking)
            dataset = open_dataset(data, validation)
            if exclude is not None:
                dataset = without_excluded(dataset, exclude)
            dataset, notes = with_validation_set(dataset, listener)
            held = stack.pop_all()
        if workers.is_main:
            listener = RunListeners(tracking, listener)  # the caller's last: it may interrupt the run
            try:
                listener = RunListeners(TensorBoard(folder / "tensorboard", listener.note), listener)
            except MissingExtraError as error:
                listener.note(str(error))
        return cls(output, folder, dataset, notes, workers, listener, started, tracking, held)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: Any) -> None:
        self.held.__exit__(*error)

    @property
    def checkpoint(self) -> Path:
        """The loop's checkpoint."""
        return self.folder / "checkpoint.safetensors"

    @property
    def minutes(self) -> float:
        """Minutes since the session began."""
        return (time.monotonic() - self.started) / 60

    def teachers(self, distillation: Distillation | None) -> Teachers | None:
        """The teachers for the classes of the data; raises what `Teachers.load` raises."""
        return distillation and Teachers.load(distillation, self.dataset.labels, self.workers.device)

    def bfloat16(self, asked: bool | None) -> bool:
        """Whether to compute in bfloat16: as asked for, else as the run was begun, else as the device can."""
        if asked is None:
            facts = checkpoint.load_facts(self.checkpoint)
            kept = precision_of(facts and facts.get("settings"))
            asked = has_bfloat16(self.workers.device) if kept is None else kept == "bf16"
        return self.workers.from_main(asked)

    def announce(self, what: str, bfloat16: bool) -> None:
        """Says what begins, and in which precision."""
        device, able = self.workers.device, has_bfloat16(self.workers.device)
        place = "GPU" if device.type == "cuda" else "CPU"
        why = "" if able else f", as this {place} has no instructions for bfloat16"
        if bfloat16 and not able:
            why = f", for which this {place} has no instructions: float32 is several times as fast"
        self.listener.note(f"{what} in {'bfloat16' if bfloat16 else 'float32'}{why}.")

    def check(self, settings: Settings) -> None:
        """Raises `FormatError` if there is a checkpoint of other settings: before anything is computed."""
        facts = checkpoint.load_facts(self.checkpoint)
        if facts is not None:
            check(self.checkpoint, facts.get("settings"), settings)

    def track(self, settings: Settings) -> None:
        """Begins the trackers' runs, or continues those of a run that is resumed."""
        shown = {"data": path_text(self.dataset.name), **without_dashes(settings)}
        resumed = self.checkpoint.exists()
        self.tracking.begin(self.output.name, shown, self.folder / TRACKED, resumed)

    def load(self, stored_size: int, image_size: tuple[int, int], preset: Preset) -> TrainingData:
        """The decoded photos: see `load_training_data`."""
        pixels = self.folder / "pixels"
        return load_training_data(
            self.dataset, stored_size, image_size, preset, pixels, self.listener, self.workers
        )

    def train(self, network: Network, run: Run) -> tuple[list[Epoch], CaptionedImages]:
        """Trains `network` in place by `run`; also a preview of the last phase's augmentation."""
        preview = augmentation_preview(run.photos, run.recipe.cycles[-1].phases[-1], run.seed)
        self.listener.images("augmentation", preview)
        return train(network, run, self.workers), preview

    def end(self, draft: Bundle, network: Network, dtype: str, summary: RunSummary) -> list[Evaluation]:
        """Has the main process write the module; its evaluations, none in other processes."""
        evaluations = []
        if self.workers.is_main:
            for line in (*table(summary.selection), summary.selection.reason):
                self.listener.note(line)
            evaluations = write_module(
                draft, network, self.dataset, self.output, dtype, summary, self.listener
            )
            self.listener.written(evaluations, len(summary.history))
            self.listener.close()
            self._remove_run_files()
        self.workers.close()
        return evaluations

    def _remove_run_files(self) -> None:
        """Removes from `folder` what only an unfinished run needs; TensorBoard's files stay."""
        self.checkpoint.unlink(missing_ok=True)
        (self.folder / TRACKED).unlink(missing_ok=True)
        unfinished = self.folder.glob(f".{self.checkpoint.name}.*.partial")  # by a run that was killed
        for path in (self.folder / "pixels", self.folder / "features", *unfinished):
            if path.is_dir():  # a pipe would be waited for
                shutil.rmtree(path, ignore_errors=True)


@contextmanager
def _folder(folder: Path) -> Iterator[None]:
    """Makes `folder` for the block; it is removed if it is empty then."""
    with as_output_error(folder):
        folder.mkdir(exist_ok=True)
    try:
        yield
    finally:
        with suppress(OSError):
            folder.rmdir()
