"""Which epoch is kept and why, in words and figures: by loss or accuracy, the head against the network."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from helpers.runs import RECIPE

from inception_hub.evaluation import Epoch, Score, Selection
from inception_hub.training.augmentation import Augmentation
from inception_hub.training.choices import Select
from inception_hub.training.recipes import Cycle, Phase, Recipe
from inception_hub.training.selection import explain_selection, rank, table

HEAD = Score(1.0, 0.6, 20)
FOUR = (Cycle((Phase(4, 32, Augmentation()),), 1e-3),)


def recipe(select: Select = "loss", patience: int | None = 2) -> Recipe:
    return replace(RECIPE, cycles=FOUR, patience=patience, select=select)


def epochs(scores: Sequence[tuple[float, float]], kept: int) -> list[Epoch]:
    """Epochs of these losses and accuracies, of which the one numbered `kept` was kept."""
    return [
        Epoch("whole network", number, 1.0, Score(loss, top1, 20), 1e-3, 100.0, 0.0, kept=number == kept)
        for number, (loss, top1) in enumerate(scores, 1)
    ]


def explained(
    scores: Sequence[tuple[float, float]], kept: int, by: Recipe | None = None, start: Score | None = HEAD
) -> Selection:
    return explain_selection(by or recipe(), epochs(scores, kept), start)


def test_ranks() -> None:
    """The lower loss, or the higher top-1; among equals the other figure decides."""
    low, right = Score(0.5, 0.7, 20), Score(0.6, 0.8, 20)
    assert rank(low, "loss") < rank(right, "loss") and rank(right, "accuracy") < rank(low, "accuracy")
    better = replace(low, top1=0.75)
    assert rank(better, "loss") < rank(low, "loss")
    assert rank(replace(right, loss=0.4), "accuracy") < rank(right, "accuracy")


ALL_BETTER = [(0.9, 0.7), (0.8, 0.75), (0.7, 0.8), (0.75, 0.8)]
DISAGREE = [(0.9, 0.7), (0.8, 0.75), (0.85, 0.8), (0.9, 0.8)]
WORSE = [(1.1, 0.65), (1.2, 0.6)]


@pytest.mark.parametrize(
    ("scores", "kept", "by", "reason"),
    [
        (ALL_BETTER, 3, recipe(), "Kept: epoch 3, whose validation loss is the lowest."),
        (
            DISAGREE,
            2,
            recipe(),
            "Kept: epoch 2, whose validation loss is the lowest. By accuracy it would be epoch 3.",
        ),
        (
            DISAGREE,
            3,
            recipe("accuracy"),
            "Kept: epoch 3, whose top-1 is the highest. By loss it would be epoch 2.",
        ),
        (
            WORSE,
            0,
            recipe(),
            "Kept: the head, as no epoch has a lower validation loss. By accuracy it would be epoch 1. "
            "Training stopped after epoch 2 of 4: 2 without a better one.",
        ),
        (
            WORSE[1:],
            0,
            recipe("accuracy", 1),
            "Kept: the head, as no epoch has a higher top-1. "
            "Training stopped after epoch 1 of 4: 1 without a better one.",
        ),
        (
            [(1.1, 0.9)] * 4,
            1,
            recipe("accuracy"),
            "Kept: epoch 1, whose top-1 is the highest. By loss it would be the head.",
        ),
        (
            DISAGREE,
            4,
            recipe(patience=None),
            "Kept: epoch 4, the last; without patience, epochs are not compared.",
        ),
        ([], 0, recipe(), "Kept: the head, as nothing else was trained."),
    ],
)
def test_the_reason(scores: list[tuple[float, float]], kept: int, by: Recipe, reason: str) -> None:
    assert explained(scores, kept, by).reason == reason


def test_the_candidates_are_the_start_what_was_kept_and_the_best_by_either_figure() -> None:
    names = [(each.name, each.epoch, each.kept) for each in explained(DISAGREE, 2).candidates]
    assert names == [
        ("head", 0, False),
        ("whole network, epoch 2", 2, True),
        ("whole network, epoch 3", 3, False),
    ]
    assert [each.epoch for each in explained(WORSE, 0).candidates] == [0, 1], (
        "beside the head, the best epoch"
    )
    last = explained(DISAGREE, 4, recipe(patience=None), start=None).candidates
    assert [(each.epoch, each.kept) for each in last] == [(2, False), (3, False), (4, True)]
    (head,) = explained([], 0).candidates
    assert head.kept and head.score == HEAD
    assert explained([], 0, start=None).candidates == ()


def test_the_table_fits_a_narrow_terminal_and_is_left_out_without_a_choice() -> None:
    lines = table(explained(DISAGREE, 2))
    assert lines[:3] == [
        "on validation              loss   top-1  95% interval",
        "head                      1.000   60.0%  38.7% to 78.1%",
        "whole network, epoch 2    0.800   75.0%  53.1% to 88.8%",
    ]
    assert max(map(len, lines)) <= 56
    assert table(explained([], 0)) == []
