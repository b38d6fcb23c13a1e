"""The options of fine-tuning. PyTorch is not imported here, so the command line can read the choices."""

from dataclasses import dataclass
from numbers import Integral
from typing import get_args

from ..errors import ArgumentError
from .choices import BatchNorm, Phases, Resize, Select
from .distillation import Distillation
from .ranges import check_ranges

SMALLEST = 32  # px
CHOICES = {"phases": get_args(Phases), "batch_norm": get_args(BatchNorm), "select": get_args(Select)}


@dataclass(frozen=True)
class FinetuneOptions:
    """How to fine-tune; None is a default chosen from the data set's size or the module.

    Raises `ArgumentError` for a value outside its range, and for a teacher where only the head is trained.
    """

    phases: Phases = "both"  # a new head on frozen features, then the whole network; or one of the two
    epochs: int | None = None  # of the second phase
    learning_rate: float = 5e-4  # of the second phase, the highest
    batch_size: int | None = None  # photos
    image_size: int | None = None  # px, square, of inference; None: some five quarters of training_size
    training_size: int | None = None  # px, square, of training; None: image_size, else the base's
    resize: Resize | None = None  # how photos become that size; None: the base's preset
    batch_norm: BatchNorm = "update"
    batch_norm_momentum: float = 0.99  # share of the old statistics that stays, 0 to 1
    label_smoothing: float = 0.1
    average: float = 0.99  # decay of the moving average of weights; 0: none
    patience: int = 5  # epochs of the second half without a better one before the end; 0: keep the last epoch
    select: Select = "loss"  # keep the lowest validation loss, or the highest top-1 ("accuracy")
    class_weights: bool = False  # photos of rare classes count more
    bfloat16: bool | None = None  # mixed precision; None: if the device has instructions; weights are float32
    device: str | None = None  # "cpu" or "cuda"; None: the CPU
    distillation: Distillation | None = None  # in the second phase

    def __post_init__(self) -> None:
        for name in ("image_size", "training_size"):
            value = getattr(self, name)
            if value is not None and (not isinstance(value, Integral) or value < SMALLEST):
                raise ArgumentError(f"{name} is {value!r}; give {SMALLEST} px or more, of both sides.")
        if self.resize is not None and self.resize not in get_args(Resize):
            raise ArgumentError(f"resize is {self.resize!r}; give one of {', '.join(get_args(Resize))}.")
        for name, choices in CHOICES.items():
            if getattr(self, name) not in choices:
                raise ArgumentError(f"{name} is {getattr(self, name)!r}; give one of {', '.join(choices)}.")
        if self.class_weights not in (True, False):
            raise ArgumentError(f"class_weights is {self.class_weights!r}; give True or False.")
        check_ranges(
            self,
            epochs=(1, 100_000),
            learning_rate=(0, 1e30),
            batch_size=(2, 1_000_000),
            label_smoothing=(0, 0.9),
            average=(0, 1),
            patience=(0, 100_000),
            batch_norm_momentum=(0, 1),
        )
        if self.distillation and self.phases == "head":
            raise ArgumentError(
                "A teacher is given and phases is 'head', where none is asked; "
                "leave the teacher out, or give phases 'both' or 'full'."
            )
