"""What a report says of a run: the lowest training loss that label smoothing leaves possible."""

from dataclasses import replace

import numpy as np
import pytest
from helpers.runs import RECIPE

from inception_hub.evaluation import Epoch
from inception_hub.training.finish import lowest_loss, run_facts


@pytest.mark.parametrize("smoothing, classes", [(0.1, 200), (0.1, 3), (0.9, 2)])
def test_no_answer_gets_below_the_lowest_loss(smoothing: float, classes: int) -> None:
    """Gradient descent on the logits of one photo, whose true class is the first."""
    target = np.full(classes, smoothing / classes)
    target[0] += 1 - smoothing
    logits = np.zeros(classes)
    for _ in range(20_000):
        logits -= 4 * (np.exp(logits) / np.exp(logits).sum() - target)
    reached = float(-(target * np.log(np.exp(logits) / np.exp(logits).sum())).sum())
    found = lowest_loss(replace(RECIPE, label_smoothing=smoothing), classes)
    assert found is not None and found <= reached + 1e-12
    assert found == pytest.approx(reached, abs=1e-3)


def test_the_lowest_loss_is_told_where_it_is_known() -> None:
    history = [Epoch("training", 1, 1.0, None, None, 0.1, 100.0, 0.0)]
    facts = run_facts(RECIPE, 12, 200, 0, 1.0, history)
    assert facts["lowest possible training loss"] == "0.85 (label smoothing 0.1)"
    for recipe in (replace(RECIPE, label_smoothing=0.0), replace(RECIPE, class_weights=True)):
        assert lowest_loss(recipe, 200) is None
        assert "lowest possible training loss" not in run_facts(recipe, 12, 200, 0, 1.0, history)
