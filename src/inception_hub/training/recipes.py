"""The recipes of training runs, as data: everything that is set besides photos and seed.

Each class raises `ArgumentError` for a value outside its range, naming both.
"""

import math
from dataclasses import dataclass, replace
from typing import Literal

from ..errors import ArgumentError
from .augmentation import Augmentation
from .choices import BatchNorm, Select
from .ranges import check_ranges

SIZES = (32, 4096)  # px that a network of this depth can learn from


@dataclass(frozen=True)
class Muon:
    """Muon on the convolution kernels, AdamW on the rest."""

    head_learning_rate: float  # of AdamW, relative to Muon's: on logits, stem, biases and betas; 0 to 100
    weight_decay: float  # decoupled, on the 69 kernels of Slim's weight decay; 0 to 1

    def __post_init__(self) -> None:
        check_ranges(self, head_learning_rate=(0, 100), weight_decay=(0, 1))


@dataclass(frozen=True)
class AdamW:
    """AdamW on everything, which costs less a step than Muon."""

    weight_decay: float  # decoupled, on the 69 kernels of Slim's weight decay; 0 to 1

    def __post_init__(self) -> None:
        check_ranges(self, weight_decay=(0, 1))


@dataclass(frozen=True)
class RMSProp:
    """TF-Slim's optimiser, with its weight decay as part of the loss."""

    decay: float  # share of the old running square that stays, 0 to 1
    momentum: float  # 0 to 1
    epsilon: float  # under the root, 1e-12 to 100

    def __post_init__(self) -> None:
        check_ranges(self, decay=(0, 1), momentum=(0, 1), epsilon=(1e-12, 100))


@dataclass(frozen=True)
class Phase:
    """Some epochs at one image size; small sizes come first, where an epoch is cheap."""

    epochs: int  # 1 to 100,000
    size: int  # px, 32 to 4096
    augmentation: Augmentation = Augmentation()

    def __post_init__(self) -> None:
        check_ranges(self, epochs=(1, 100_000), size=SIZES)


@dataclass(frozen=True)
class Cycle:
    """Phases under one sweep of the learning rate: a linear warm-up, then `decay`."""

    phases: tuple[Phase, ...]
    learning_rate: float  # the highest
    warmup: float = 0.05  # share of the cycle's steps, 0 to 1
    decay: Literal["cosine", "staircase"] = "cosine"  # to zero; or 0.94 every two epochs, as TF-Slim's

    def __post_init__(self) -> None:
        if not self.phases:
            raise ArgumentError("phases is empty; give at least one.")
        check_ranges(self, learning_rate=(0, 1e30), warmup=(0, 1))


@dataclass(frozen=True)
class Recipe:
    """A recipe: optimiser, regularisation and the epochs of a run."""

    name: str
    cycles: tuple[Cycle, ...]
    optimiser: Muon | AdamW | RMSProp
    batch_size: int  # over all processes, 2 to 1,000,000
    image_size: int  # the trained module's default, px, 32 to 4096
    label_smoothing: float = 0.1  # share of the target spread evenly over all classes, 0 to 0.9
    weight_decay_end: float | None = None  # where weight decay ends, by half a cosine; None: it stays
    batch_norm: BatchNorm = "update"
    batch_norm_momentum: float = 0.99  # share of the old value that stays, 0 to 1
    dropout: bool = True  # a fifth of the features, as the original
    average: float | None = None  # decay of the moving average of weights that is kept in the end, 0 to 1
    # Epochs without a better one before the run ends, from 1, not counting the first half, when the rate is
    # high. None: all are run and the last is kept.
    patience: int | None = None
    select: Select = "loss"  # with patience: the lowest validation loss is kept, or the highest top-1
    class_weights: bool = False  # photos of rare classes count more
    dtype: Literal["float32", "float16"] = "float32"  # of the trained module's weights on disk
    stored_size: int | None = None  # px that photos are kept at while training; None: the largest phase's

    def __post_init__(self) -> None:
        if not self.cycles:
            raise ArgumentError("cycles is empty; give at least one.")
        check_ranges(
            self,
            batch_size=(2, 1_000_000),
            image_size=SIZES,
            label_smoothing=(0, 0.9),
            weight_decay_end=(0, 1),
            batch_norm_momentum=(0, 1),
            average=(0, 1),
            patience=(1, 100_000),
            stored_size=SIZES,
        )
        if self.weight_decay_end is not None and isinstance(self.optimiser, RMSProp):
            raise ArgumentError(
                f"weight_decay_end is {self.weight_decay_end}, but RMSProp's weight decay is a fixed part of "
                "the loss; leave it out, or take Muon or AdamW."
            )

    @property
    def epochs(self) -> list[tuple[Cycle, Phase]]:
        """The cycle and phase of each epoch."""
        return [
            (cycle, phase) for cycle in self.cycles for phase in cycle.phases for _ in range(phase.epochs)
        ]

    @property
    def pixels(self) -> int:
        """The size photos are kept at while training, px."""
        return self.stored_size or max(phase.size for _, phase in self.epochs)


_TINY = Augmentation(
    min_area=0.25,
    rotation=15,
    rotated=0.5,
    shear=0.15,
    sheared=0.3,
    sharpness=2,
    sharpened=0.4,
    colour=0.3,
    cutmix=0.5,
)
_TINY_WEAK = replace(_TINY, min_area=0.35, rotation=0, shear=0, cutmix=0)
_TINY_CPU = Augmentation(min_area=0.4)
_TINY_CPU_STRONG = Augmentation(min_area=0.25, colour=0.3, cutmix=0.5)

RECIPES = {
    recipe.name: recipe
    for recipe in (
        # The bundled module: 100,000 photos of 64 x 64, minutes on one data-centre GPU. The last 12% of the
        # epochs are weakly distorted.
        Recipe(
            name="tiny-imagenet",
            cycles=(
                Cycle(
                    (
                        Phase(44, 64, _TINY),
                        Phase(30, 96, _TINY),
                        Phase(5, 128, _TINY),
                        Phase(11, 128, _TINY_WEAK),
                    ),
                    5e-3,
                    warmup=0.03,
                ),
            ),
            optimiser=Muon(head_learning_rate=0.65, weight_decay=0.05),
            batch_size=1024,
            image_size=128,
            batch_norm_momentum=0.98,
            average=0.998,
            dtype="float16",
            stored_size=64,
        ),
        # The same data for two CPU cores, in hours. What each step brought: docs/log.md.
        Recipe(
            name="tiny-imagenet-cpu",
            cycles=(
                Cycle((Phase(3, 32, _TINY_CPU), Phase(9, 48, _TINY_CPU), Phase(4, 64, _TINY_CPU)), 3e-3),
                # A second sweep at 96 px, where the last blocks see 3 x 3 instead of 2 x 2.
                Cycle(
                    (
                        Phase(3, 64, _TINY_CPU_STRONG),
                        Phase(5, 96, _TINY_CPU_STRONG),
                        Phase(2, 96, replace(_TINY_CPU_STRONG, min_area=0.35, cutmix=0.0)),
                    ),
                    2e-3,
                    warmup=0.02,
                ),
            ),
            optimiser=Muon(head_learning_rate=0.65, weight_decay=0.05),
            batch_size=256,
            image_size=96,
            dtype="float16",
            stored_size=64,
        ),
        # ILSVRC-2012 on 8 GPUs; what to expect and why: docs/recipes.md.
        Recipe(
            name="imagenet",
            cycles=(
                Cycle(
                    (
                        Phase(30, 128, Augmentation(min_area=0.25, colour=0.2)),
                        Phase(40, 160, Augmentation(min_area=0.25, colour=0.3)),
                        Phase(20, 192, Augmentation(min_area=0.25, colour=0.4)),
                    ),
                    3e-3,
                    warmup=0.03,
                ),
            ),
            optimiser=Muon(head_learning_rate=0.65, weight_decay=0.05),
            batch_size=2048,
            image_size=224,
            average=0.9999,
            stored_size=256,
        ),
        # As TF-Slim's train_image_classifier.py trains by default, with its Inception distortions.
        Recipe(
            name="slim",
            cycles=(
                Cycle(
                    (Phase(120, 224, Augmentation(min_area=0.05, colour=0.3)),),
                    0.01,
                    warmup=0.0,
                    decay="staircase",
                ),
            ),
            optimiser=RMSProp(decay=0.9, momentum=0.9, epsilon=1.0),
            batch_size=32,
            image_size=224,
            label_smoothing=0.0,
            batch_norm_momentum=0.9997,
            stored_size=256,
        ),
    )
}


def weight_decay_at(recipe: Recipe, epoch: float) -> float:
    """The optimiser's weight decay after `epoch` epochs of the run, with a fraction.

    It moves from `optimiser.weight_decay` to `weight_decay_end` by half a cosine over the whole run, as in
    DINO (Caron et al., 2021). 0 for RMSProp, whose decay is part of the loss.
    """
    if isinstance(recipe.optimiser, RMSProp):
        return 0.0
    first, last = recipe.optimiser.weight_decay, recipe.weight_decay_end
    if last is None:
        return first
    return last + (first - last) * 0.5 * (1 + math.cos(math.pi * epoch / len(recipe.epochs)))


def find_recipe(name: str) -> Recipe:
    """The recipe called `name`; raises `ArgumentError` naming those there are."""
    if name not in RECIPES:
        raise ArgumentError(
            f"There is no recipe {name!r}; give {', '.join(RECIPES)}, or the path of a TOML file of your own."
        )
    return RECIPES[name]
