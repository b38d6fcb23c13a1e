"""A training run: the recipe, the photos and everything else the training loop is given."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ..engines.torch import Network
from ..evaluation import Score
from .listener import RunListener
from .recipes import Recipe
from .settings import Settings, digest
from .teacher import Teachers
from .training_data import Photos


@dataclass(frozen=True)
class Run:
    """A training run and everything the loop is given.

    `settings`: data, recipe, seed and the like; a checkpoint of others is refused. `validate` scores a
    network after every epoch; `start`: its score before the first, in the main process, where that may be
    the best. `listener` receives steps and epochs, in the main process. `teachers`: modules whose
    probabilities the network learns beside the classes.
    """

    recipe: Recipe
    photos: Photos
    checkpoint: Path
    settings: Settings
    seed: int = 0
    bfloat16: bool = True
    phase: str = "training"
    validate: Callable[[Network], Score] | None = None
    start: Score | None = None
    listener: RunListener = field(default_factory=RunListener)
    teachers: Teachers | None = None

    @property
    def identity(self) -> str:
        """A digest of `settings`."""
        return digest(dict(self.settings))
