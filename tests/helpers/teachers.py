"""Teachers for tests of distillation: thin networks of random weights, written as modules."""

from pathlib import Path

import torch

from helpers.weights_from_seed import random_weights
from inception_hub import bundle
from inception_hub.architecture import Architecture
from inception_hub.labels import Labels
from inception_hub.training.distillation import Distillation
from inception_hub.training.teacher import Teachers


def labels_named(*names: str) -> Labels:
    return Labels(names, (None,) * len(names))


ABC = labels_named("a", "b", "c")


def write_teacher(directory: Path, labels: Labels = ABC, seed: int = 1) -> str:
    """The handle of a new module: a thin network of random weights."""
    architecture = Architecture(0.25, len(labels))
    weights = random_weights({name: v.shape for name, v in architecture.variables.items()}, seed)
    provenance = bundle.Provenance("random numbers", "Apache-2.0")
    size = (64, 64)
    bundle.write(bundle.Bundle(directory.name, architecture, weights, labels, provenance, size), directory)
    return str(directory)


def load_teachers(*handles: str, labels: Labels = ABC, **numbers: float) -> Teachers:
    """The modules behind `handles` as teachers of a student with the classes `labels`, on the CPU."""
    return Teachers.load(Distillation(handles, **numbers), labels, torch.device("cpu"))
