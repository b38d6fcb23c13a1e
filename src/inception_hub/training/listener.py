"""Receives the progress events of a training run: for the terminal, TensorBoard, trackers, or nobody."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..evaluation import Epoch, Evaluation

CaptionedImages = Sequence[tuple[str, NDArray[np.uint8]]]  # each uint8 [height, width, 3]


class RunListener:
    """A listener that ignores every event; subclasses override the events they need."""

    def note(self, message: str) -> None:
        """A line of information: counts, files that were skipped, the accuracy of the head."""

    def progress(self, task: str, done: int, total: int) -> None:
        """`done` of the `total` steps of `task` are complete; called often."""

    def images(self, name: str, images: CaptionedImages) -> None:
        """Captioned images called `name`, such as examples of augmentation."""

    def epoch(self, epoch: Epoch) -> None:
        """An epoch is complete."""

    def written(self, evaluations: Sequence[Evaluation], epochs: int) -> None:
        """The module of a run of `epochs` epochs is written and evaluated."""

    def close(self) -> None:
        """The run is complete."""


class RunListeners(RunListener):
    """Several listeners, each of which receives every event."""

    def __init__(self, *listeners: RunListener) -> None:
        self.listeners = listeners

    def note(self, message: str) -> None:
        for listener in self.listeners:
            listener.note(message)

    def progress(self, task: str, done: int, total: int) -> None:
        for listener in self.listeners:
            listener.progress(task, done, total)

    def images(self, name: str, images: CaptionedImages) -> None:
        for listener in self.listeners:
            listener.images(name, images)

    def epoch(self, epoch: Epoch) -> None:
        for listener in self.listeners:
            listener.epoch(epoch)

    def written(self, evaluations: Sequence[Evaluation], epochs: int) -> None:
        for listener in self.listeners:
            listener.written(evaluations, epochs)

    def close(self) -> None:
        for listener in self.listeners:
            listener.close()
