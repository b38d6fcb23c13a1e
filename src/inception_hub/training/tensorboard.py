"""TensorBoard event files of a run: scalars of epochs and of the module, images of augmented photos."""

import os
import socket
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ..errors import MissingExtraError
from ..evaluation import Epoch, Evaluation
from .listener import CaptionedImages, RunListener
from .scalars import epoch_scalars, module_scalars


class TensorBoard(RunListener):
    """A listener that writes an event file into `folder`; view it with `tensorboard --logdir`.

    Each record is written at once, by this thread: a full disk costs the curves, not the run. Then `note`
    gets a sentence and nothing more is written. Raises `MissingExtraError` where TensorBoard is missing.
    """

    def __init__(self, folder: Path, note: Callable[[str], object] = lambda message: None) -> None:
        with warnings.catch_warnings():  # TensorBoard's own imports warn of their age
            warnings.simplefilter("ignore")
            try:
                from tensorboard.compat.proto import event_pb2
                from torch.utils.tensorboard import RecordWriter, summary
            except ImportError as error:
                raise MissingExtraError(
                    "No curves are written for TensorBoard, which is not installed: pip install tensorboard."
                ) from error
        self._event: Any = event_pb2.Event  # pyright: ignore[reportAttributeAccessIssue]
        self._records, self._summary, self._note = RecordWriter, summary, note
        # By such names TensorBoard knows its files and sorts them.
        name = f"events.out.tfevents.{int(time.time()):010}.{socket.gethostname()}.{os.getpid()}"
        self._path: Path | None = folder / name
        self._write(file_version="brain.Event:2")

    def images(self, name: str, images: CaptionedImages) -> None:
        for caption, image in images:
            self._write(summary=self._summary.image(f"{name}/{caption}", image, dataformats="HWC"))

    def epoch(self, epoch: Epoch) -> None:
        self._scalars(epoch_scalars(epoch), epoch.epoch)

    def written(self, evaluations: Sequence[Evaluation], epochs: int) -> None:
        self._scalars(module_scalars(evaluations), epochs)

    def _scalars(self, scalars: dict[str, float], step: int) -> None:
        for name, value in scalars.items():
            self._write(step=step, summary=self._summary.scalar(name, value))

    def _write(self, **content: Any) -> None:
        """Appends an event."""
        if self._path is None:
            return
        event = self._event(wall_time=time.time(), **content).SerializeToString()
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with open(self._path, "ab", buffering=0) as file:
                self._records(file).write(event)
        except OSError as error:
            self._note(
                f"No more curves are written for TensorBoard, as {self._path.parent} cannot be written "
                f"({error.strerror or error}); the run continues."
            )
            self._path = None
