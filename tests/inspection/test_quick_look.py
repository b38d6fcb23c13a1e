"""What is told before every training: exact copies by their names, and how many labels are unlikely."""

import numpy as np
import pytest
from helpers.dataset_photos import many, split_of
from helpers.labelled_vectors import clusters

from inception_hub.data import Dataset
from inception_hub.inspection.quick_look import copy_notes, label_notes
from inception_hub.labels import Labels

ADVICE = "inception-hub inspect DATA shows them, also cropped and mirrored copies."


def data(train: list[bytes], held: list[bytes]) -> Dataset:
    """Photos whose classes take turns."""
    splits = {name: split_of(photos, [i % 2 for i in range(len(photos))])
              for name, photos in (("train", train), ("validation", held))}  # fmt: skip
    return Dataset("data", Labels(("a", "b"), (None, None)), splits)


def test_copies_are_named_by_where_they_are() -> None:
    assert copy_notes(data([b"0", b"1", b"0", b"0", b"2", b"3"], [b"4", b"1", b"2"])) == [
        "2 photos are in two splits: train:1.png = validation:1.png; train:4.png = validation:2.png",
        "1 photo is in one split under two classes: train:0.png = train:3.png",
        "1 photo is in one split twice: train:0.png = train:2.png",
        ADVICE,
    ]


def test_without_copies_nothing_is_said() -> None:
    assert copy_notes(data(many(4), many(4, 10))) == []


@pytest.mark.parametrize("wrong", [0, 1, 4])
def test_unlikely_labels_are_counted(wrong: int) -> None:
    vectors, classes = clusters(200)
    vectors += 3 * (vectors > 3)  # farther apart
    classes[:wrong] = (classes[:wrong] + 1) % 3
    notes = label_notes(vectors, classes)
    assert len(notes) == (wrong > 0)
    if notes:
        number = "1 label of a training photo is" if wrong == 1 else f"{wrong} labels of training photos are"
        assert notes[0].startswith(f"{number} very unlikely, going by the others; inception-hub inspect")


def test_what_cannot_be_judged_is_no_note() -> None:
    assert label_notes(np.ones((3, 4), np.float32), np.array([0, 1, 0])) == []
    assert label_notes(np.full((20, 4), np.nan, np.float32), np.arange(20) % 2) == []
