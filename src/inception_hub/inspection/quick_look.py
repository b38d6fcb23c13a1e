"""What is told before every training, as it costs little: exact copies, and labels that are very unlikely.

Photos are hashed before training anyway, and their feature vectors are what a head is fitted to.
"""

import numpy as np
from numpy.typing import NDArray

from ..data import Dataset, duplicates_across_splits, duplicates_within_splits
from ..system.text import counted, first_few
from .label_errors import judge_labels


def copy_notes(dataset: Dataset) -> list[str]:
    """Notes that name photos of exactly the same bytes."""
    same, other = duplicates_within_splits(dataset)
    copies = {
        "in two splits": duplicates_across_splits(dataset),
        "in one split under two classes": other,
        "in one split twice": same,
    }
    notes = [f"{counted(len(pairs), 'photo is', 'photos are')} {where}: "
             f"{first_few([' = '.join(pair) for pair in pairs])}"
             for where, pairs in copies.items() if pairs]  # fmt: skip
    if notes:
        notes.append("inception-hub inspect DATA shows them, also cropped and mirrored copies.")
    return notes


def label_notes(vectors: NDArray[np.float32], classes: NDArray[np.int64]) -> list[str]:
    """A note of how many labels are very unlikely; `vectors`: [n, features], with their `classes`, [n]."""
    if not np.isfinite(vectors.sum(dtype=np.float64)):  # of which training tells itself
        return []
    verdicts = judge_labels(vectors, classes)
    number = int(verdicts.unlikely().sum()) if verdicts else 0
    if not number:
        return []
    labels = counted(number, "label of a training photo is", "labels of training photos are")
    return [f"{labels} very unlikely, going by the others; inception-hub inspect DATA shows which."]
