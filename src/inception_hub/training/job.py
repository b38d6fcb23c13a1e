"""One training run and everything it is given."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from torch import Tensor

from ..engines.torch import Network
from .listener import Watch
from .recipes import Recipe
from .teacher import Teachers


@dataclass(frozen=True)
class Photos:
    """Training photos. `images`: uint8 [n, size, size, 3], whole photos squashed; `aspects`: float32 [n],
    their width over height; `classes`: int64 [n]."""

    images: Tensor
    aspects: Tensor
    classes: Tensor


@dataclass(frozen=True)
class Score:
    """How a network does on the validation photos."""

    loss: float
    top1: float


@dataclass(frozen=True)
class Run:
    """One training run and everything it is given.

    `identity` names data, recipe and seed: a checkpoint of another identity is refused. `validate` scores a
    network after every epoch; `watch` hears of steps and epochs, in the main process. `teachers`: modules
    whose probabilities the network learns beside the classes.
    """

    recipe: Recipe
    photos: Photos
    checkpoint: Path
    identity: str
    seed: int = 0
    bfloat16: bool = True
    phase: str = "training"
    validate: Callable[[Network], Score] | None = None
    watch: Watch = field(default_factory=Watch)
    teachers: Teachers | None = None
