"""The settings of knowledge distillation: which teachers, their share of the loss, the temperature."""

import math
from dataclasses import dataclass

from ..errors import ArgumentError
from ..system.numbers import is_number


@dataclass(frozen=True)
class Distillation:
    """The teachers of a run and how they count.

    `teachers`: handles of modules, anything `load_module_spec` takes; several are an ensemble. `share`: of
    the teachers in the loss, in [0, 1]. `temperature`: above 0; higher ones make the distributions more even.
    Raises `ArgumentError` for no teacher and for numbers outside their ranges.
    """

    teachers: tuple[str, ...]
    share: float = 0.5
    temperature: float = 2.0

    def __post_init__(self) -> None:
        if not self.teachers:
            raise ArgumentError("A distillation has no teacher; give the handle of one module or more.")
        if not is_number(self.share) or not 0 <= self.share <= 1:
            raise ArgumentError(f"The teachers' share is {self.share!r}; give a number in [0, 1].")
        if not is_number(self.temperature) or not 0 < self.temperature < math.inf:
            raise ArgumentError(f"The temperature is {self.temperature!r}; give a finite number above 0.")
