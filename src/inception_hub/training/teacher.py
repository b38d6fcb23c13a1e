"""Knowledge distillation: a network learns from other modules' probabilities beside the photos' classes.

After Hinton, Vinyals and Dean, "Distilling the Knowledge in a Neural Network" (2015, arXiv:1503.02531): the
loss is `(1 - share) * hard + share * T**2 * KL(teacher || student)`, where `hard` is the loss on the photos'
classes and both distributions are softmax(logits / T), T being the temperature. The factor `T**2` keeps the
gradient of the second term about as large at any temperature.
"""

from typing import Self

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
from .distillation import Distillation
from .settings import digest


class Teachers:
    """The mean of several modules' probabilities, in the order of the student's classes.

    They compute as in inference: by their moving statistics, without dropout, without gradients; in float32,
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
        """The teachers of a student whose classes are `labels`, on `device`.

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
        probabilities = []
        for network, classes in zip(self._networks, self._classes, strict=True):
            logits: Tensor = network(images.float())[LOGITS]
            probabilities.append((logits.float().index_select(1, classes) / self.temperature).softmax(1))
        return torch.stack(probabilities).mean(0)

    def loss(self, student_logits: Tensor, images: Tensor) -> Tensor:
        """[batch], T**2 * KL(teachers || student) in nats, in the dtype of `student_logits`.

        `student_logits`: [batch, classes], the student's logits of `images`.
        """
        teachers = self.probabilities(images).to(student_logits.dtype)
        student = (student_logits / self.temperature).log_softmax(1)
        return F.kl_div(student, teachers, reduction="none").sum(1) * self.temperature**2

    def settings(self) -> dict[str, str | float]:
        """What decides what the student learns, for the settings of a run."""
        teachers = [
            {"weights": identity(spec.bundle.weights), "classes": classes.tolist()}
            for spec, classes in zip(self._specs, self._classes, strict=True)
        ]
        return {
            "teachers": digest(teachers),
            "--teacher-share": self.share,
            "--temperature": self.temperature,
        }

    def describe(self) -> str:
        """The teachers' names, share and temperature, for the card and the report."""
        names = ", ".join(spec.bundle.name for spec in self._specs)
        return f"{names}; share {self.share:g}, temperature {self.temperature:g}"


def _classes(spec: ModuleSpec, labels: Labels) -> Tensor:
    """int64 [classes of the student]: the index of each class among the teacher's."""
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
