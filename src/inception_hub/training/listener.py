"""Who looks on while a run goes: the terminal, TensorBoard, nobody."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..evaluation import Epoch

Pictures = Sequence[tuple[str, NDArray[np.uint8]]]


class Watch:
    """Hears of everything and does nothing with it; what looks on overrides what it cares for."""

    def note(self, message: str) -> None:
        """Something worth a line: counts, files that were skipped, what comes next."""

    def progress(self, what: str, done: int, total: int) -> None:
        """`what` has come so far; called often."""

    def pictures(self, what: str, pictures: Pictures) -> None:
        """Captioned pictures: what augmentation makes of a photo."""

    def epoch(self, epoch: Epoch) -> None:
        """An epoch is over."""

    def close(self) -> None:
        """The run is over."""


class Watches(Watch):
    """Several at once."""

    def __init__(self, *watches: Watch) -> None:
        self.watches = watches

    def note(self, message: str) -> None:
        for watch in self.watches:
            watch.note(message)

    def progress(self, what: str, done: int, total: int) -> None:
        for watch in self.watches:
            watch.progress(what, done, total)

    def pictures(self, what: str, pictures: Pictures) -> None:
        for watch in self.watches:
            watch.pictures(what, pictures)

    def epoch(self, epoch: Epoch) -> None:
        for watch in self.watches:
            watch.epoch(epoch)

    def close(self) -> None:
        for watch in self.watches:
            watch.close()
