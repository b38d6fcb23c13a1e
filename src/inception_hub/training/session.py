"""What `finetune` and `train` have in common: how a run begins, what it works with, how it ends."""

import hashlib
import json
import time
from dataclasses import dataclass
from pathlib import Path

from ..bundle import Bundle
from ..data import Dataset, open_dataset
from ..engines.torch import Network
from ..errors import MissingExtraError, OutputError
from ..evaluation import Evaluation
from .finish import Story, clear, finish
from .listener import Watch, Watches
from .memory import keep_freed_memory
from .photos import with_splits
from .tensorboard import TensorBoard
from .workers import Workers


@dataclass(frozen=True)
class Session:
    """A run into the module directory `output`; `folder` (`OUTPUT.run`) is what it goes on from."""

    output: Path
    folder: Path
    dataset: Dataset
    notes: list[str]  # what stands out in the data
    workers: Workers
    watch: Watch  # nobody in processes beside the main one
    started: float

    @classmethod
    def begin(
        cls, output: Path, data: str, validation: str | None, device: str | None, watch: Watch | None
    ) -> "Session":
        """Raises `OutputError` if `output` exists, and what `open_dataset` raises."""
        if output.exists():
            raise OutputError(
                f"{output} already exists and is left as it is; choose another path or remove it first."
            )
        started = time.monotonic()
        keep_freed_memory()
        workers = Workers(device)
        watch = watch if watch and workers.is_main else Watch()
        dataset, notes = with_splits(open_dataset(data, validation), watch)
        folder = output.with_name(f"{output.name}.run")
        if workers.is_main:
            try:
                watch = Watches(watch, TensorBoard(folder / "tensorboard"))
            except MissingExtraError as error:
                watch.note(str(error))
        return cls(output, folder, dataset, notes, workers, watch, started)

    @property
    def checkpoint(self) -> Path:
        """Where the loop stands."""
        return self.folder / "checkpoint.safetensors"

    @property
    def minutes(self) -> float:
        """Since it began."""
        return (time.monotonic() - self.started) / 60

    def end(self, draft: Bundle, network: Network, dtype: str, story: Story) -> list[Evaluation]:
        """Has the main process write the module; how it does, empty in other processes."""
        evaluations = []
        if self.workers.is_main:
            evaluations = finish(draft, network, self.dataset, self.output, dtype, story, self.watch)
            self.watch.close()
            clear(self.folder)
        self.workers.close()
        return evaluations


def identity(*facts: object) -> str:
    """What a checkpoint must agree in to be gone on from: SHA-256, hexadecimal, over JSON-ready facts."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
