"""Recipes as data: everything a training run needs to know besides its images and its seed."""

from dataclasses import dataclass, replace
from typing import Literal

from ..errors import ArgumentError
from .augmentation import Augmentation


@dataclass(frozen=True)
class Muon:
    """Muon on the convolution kernels, AdamW on the rest."""

    head_learning_rate: float  # of AdamW, relative to Muon's: on logits, stem, biases and betas
    weight_decay: float  # decoupled, on the 69 kernels of Slim's weight decay


@dataclass(frozen=True)
class AdamW:
    """AdamW on everything, which costs less a step than Muon."""

    weight_decay: float  # decoupled, on the 69 kernels of Slim's weight decay


@dataclass(frozen=True)
class RMSProp:
    """TF-Slim's optimiser, with its weight decay as part of the loss."""

    decay: float
    momentum: float
    epsilon: float


@dataclass(frozen=True)
class Phase:
    """Some epochs at one image size: small ones first, where they are cheap."""

    epochs: int
    size: int  # px
    augmentation: Augmentation


@dataclass(frozen=True)
class Cycle:
    """Phases under one sweep of the learning rate: a linear warm-up, then `decay`."""

    phases: tuple[Phase, ...]
    learning_rate: float  # the highest
    warmup: float = 0.05  # share of the cycle's steps
    decay: Literal["cosine", "staircase"] = "cosine"  # to zero; or 0.94 every two epochs, as TF-Slim's


@dataclass(frozen=True)
class Recipe:
    """A run: what is optimised how, over which epochs."""

    name: str
    cycles: tuple[Cycle, ...]
    optimiser: Muon | AdamW | RMSProp
    batch_size: int  # over all processes
    image_size: int  # the trained module's default, px
    label_smoothing: float = 0.1
    batch_norm: Literal["update", "frozen"] = "update"
    batch_norm_momentum: float = 0.99  # share of the old value that stays
    dropout: bool = True  # a fifth of the features, as the original
    average: float | None = None  # decay of the moving average of weights that is kept in the end
    patience: int | None = None  # epochs without a better validation loss before it stops early
    weight_decay_end: float | None = None
    class_weights: bool = False  # rare classes count more
    dtype: Literal["float32", "float16"] = "float32"  # of the trained module's weights on disk
    stored_size: int | None = None  # px that photos are kept at while training; None: the largest phase's

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


_TINY = Augmentation(min_area=0.4)
_TINY_STRONG = Augmentation(min_area=0.25, colour=0.3, cutmix=0.5)

RECIPES = {
    recipe.name: recipe
    for recipe in (
        # The bundled module: 60,000 images of 64 x 64, two CPU cores. What each step brought: docs/log.md.
        Recipe(
            name="tiny-imagenet",
            cycles=(
                Cycle((Phase(3, 32, _TINY), Phase(9, 48, _TINY), Phase(4, 64, _TINY)), 3e-3),
                # A second sweep at 96 px, where the last blocks see 3 x 3 instead of 2 x 2.
                Cycle(
                    (
                        Phase(3, 64, _TINY_STRONG),
                        Phase(5, 96, _TINY_STRONG),
                        Phase(2, 96, replace(_TINY_STRONG, min_area=0.35, cutmix=0.0)),
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


def find_recipe(name: str) -> Recipe:
    """The recipe called `name`; raises `ArgumentError` naming those there are."""
    if name not in RECIPES:
        raise ArgumentError(f"There is no recipe {name!r}; give {', '.join(RECIPES)}.")
    return RECIPES[name]


def weight_decay_at(recipe, epoch):
    import math

    if isinstance(recipe.optimiser, RMSProp):
        return 0.0
    start, end = recipe.optimiser.weight_decay, recipe.weight_decay_end
    if end is None:
        return start
    return end + (start - end) * 0.5 * (1 + math.cos(math.pi * epoch / len(recipe.epochs)))
