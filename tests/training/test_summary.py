"""The summary of a run: its facts, and the lowest training loss that label smoothing leaves possible."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers.runs import AUGMENTATION, RECIPE, photos

from inception_hub.evaluation import Epoch
from inception_hub.training.recipes import Recipe
from inception_hub.training.run import Run
from inception_hub.training.summary import lowest_loss, run_facts


@pytest.mark.parametrize("smoothing, classes", [(0.1, 200), (0.1, 3), (0.9, 2)])
def test_no_answer_gets_below_the_lowest_loss(smoothing: float, classes: int) -> None:
    """Gradient descent on the logits of one photo, whose true class is the first."""
    target = np.full(classes, smoothing / classes)
    target[0] += 1 - smoothing
    logits = np.zeros(classes)
    for _ in range(20_000):
        logits -= 4 * (np.exp(logits) / np.exp(logits).sum() - target)
    reached = float(-(target * np.log(np.exp(logits) / np.exp(logits).sum())).sum())
    lowest = lowest_loss(replace(RECIPE, label_smoothing=smoothing), classes)
    assert lowest is not None and lowest <= reached + 1e-12
    assert lowest == pytest.approx(reached, abs=1e-3)


HISTORY = [
    Epoch("training", 1, 1.5, None, 0.1, 100.0, 0.1),
    Epoch("training", 2, 1.0, None, 0.1, 300.0, 0.3),
]


def run_of(recipe: Recipe) -> Run:
    return Run(recipe, photos(12), Path("checkpoint"), {}, seed=7)


def test_the_lowest_loss_is_given_where_it_is_known() -> None:
    facts = run_facts(run_of(RECIPE), 200, 1.0, HISTORY)
    assert facts["lowest possible training loss"] == "0.85 (label smoothing 0.1)"
    for recipe in (replace(RECIPE, label_smoothing=0.0), replace(RECIPE, class_weights=True)):
        assert lowest_loss(recipe, 200) is None
        assert "lowest possible training loss" not in run_facts(run_of(recipe), 200, 1.0, HISTORY)


def test_the_facts_of_a_run() -> None:
    facts = run_facts(run_of(RECIPE), 3, 1.6, HISTORY)
    assert (
        facts
        | {
            "recipe": "test",
            "training photos": "12",
            "seed": "7",
            "precision": "bfloat16, weights in float32",
            "time": "96 seconds",
            "epochs": f"2 of 2 (2 at 32 px, {AUGMENTATION.describe()})",
            "optimiser": "AdamW, rate 0.001 (cosine), batches of 4",
            "batch norm": "update, momentum 0.99",
            "label smoothing": "0.1",
            "images per second": "200",
            "share waiting for data": "20.0%",
        }
        == facts
    )
    assert list(run_facts(run_of(RECIPE), 3, 1.6, [])) == [
        "recipe", "training photos", "seed", "precision", "time",
    ]  # fmt: skip
