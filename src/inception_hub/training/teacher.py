"""Knowledge distillation: a network learns from other modules' probabilities beside the photos' classes.

After Hinton, Vinyals and Dean, "Distilling the Knowledge in a Neural Network" (2015, arXiv:1503.02531): the
loss is `(1 - share) * hard + share * T**2 * KL(teacher || student)`, where `hard` is the loss on the photos'
classes and both distributions are softmax(logits / T), T being the temperature. The factor `T**2` keeps the
gradient of the second term about as large at any temperature.
"""

import math
from dataclasses import dataclass
from typing import Any, Self

import torch
import torch.nn.functional as F
from torch import Tensor

from ..architecture import LOGITS
from ..engines.torch import Network
from ..errors import ArgumentError
from ..evaluation import match_labels
from ..labels import Labels
from ..module_spec import ModuleSpec, load_module_spec
from ..weights import identity


@dataclass(frozen=True)
class Distillation:
    """What to distil.

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
        if not 0 <= self.share <= 1:
            raise ArgumentError(f"The teachers' share is {self.share}; give a number in [0, 1].")
        if not 0 < self.temperature < math.inf:
            raise ArgumentError(f"The temperature is {self.temperature}; give a finite number above 0.")


class Teachers:
    """The mean of several modules' probabilities, in the order of the student's classes.

    They answer as in inference: by their moving statistics, without dropout, without gradients; in float32,
    or in bfloat16 where the caller has autocast on. They see the student's images at the student's size,
    whatever their own default size is.
    """

    def __init__(self, distillation: Distillation, specs: list[ModuleSpec], classes: list[Tensor]) -> None:
        """`classes`: for each of `specs` int64 [classes of the student], their indices among its own."""
        self.share, self.temperature = distillation.share, distillation.temperature
        self._specs, self._classes = specs, classes
        self._networks = [
            Network(spec.architecture, spec.bundle.weights).requires_grad_(False).to(indices.device)
            for spec, indices in zip(specs, classes, strict=True)
        ]

    @classmethod
    def load(cls, distillation: Distillation, labels: Labels, device: torch.device) -> Self:
        """Reads the teachers of a student whose classes are `labels`.

        A teacher may have the classes in any order, and others besides, whose logits are left out. Raises
        `ArgumentError` for one that lacks a class or has no head, and what `load_module_spec` raises.
        """
        specs = [load_module_spec(handle) for handle in distillation.teachers]
        return cls(distillation, specs, [_classes(spec, labels).to(device) for spec in specs])

    @torch.no_grad()
    def probabilities(self, images: Tensor) -> Tensor:
        """float32 [batch, classes], softmax(logits / temperature) averaged over the teachers.

        `images`: float [batch, height, width, 3] in [0, 1], on the teachers' device.
        """
        found = []
        for network, classes in zip(self._networks, self._classes, strict=True):
            logits: Tensor = network(images.float())[LOGITS]
            found.append((logits.float().index_select(1, classes) / self.temperature).softmax(1))
        return torch.stack(found).mean(0)

    def loss(self, student_logits: Tensor, images: Tensor) -> Tensor:
        """[batch], T**2 * KL(teachers || student) in nats, in the dtype of `student_logits`.

        `student_logits`: [batch, classes], what the student answers to `images`.
        """
        teachers = self.probabilities(images).to(student_logits.dtype)
        student = (student_logits / self.temperature).log_softmax(1)
        return F.kl_div(student, teachers, reduction="none").sum(1) * self.temperature**2

    def identity(self) -> dict[str, Any]:
        """JSON-ready facts that decide what the student learns, for the identity of a run."""
        teachers = [
            {"weights": identity(spec.bundle.weights), "classes": classes.tolist()}
            for spec, classes in zip(self._specs, self._classes, strict=True)
        ]
        return {"teachers": teachers, "share": self.share, "temperature": self.temperature}

    def describe(self) -> str:
        """The teachers' names, share and temperature, for the card and the report."""
        names = ", ".join(spec.bundle.name for spec in self._specs)
        return f"{names}; share {self.share:g}, temperature {self.temperature:g}"


def _classes(spec: ModuleSpec, labels: Labels) -> Tensor:
    """int64 [classes of the student], the index of each among the teacher's."""
    name = spec.bundle.name
    if not spec.architecture.num_classes:
        raise ArgumentError(
            f"The teacher {name!r} is a feature vector module without classes; give a module that has "
            f"the {len(labels)} classes of the data."
        )
    try:
        return torch.from_numpy(match_labels(spec.labels, labels))
    except ArgumentError as error:
        reason = str(error)
        raise ArgumentError(
            f"The teacher {name!r} does not fit the data: {reason[0].lower()}{reason[1:]}"
        ) from error
