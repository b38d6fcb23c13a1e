"""The card of a trained module: accuracy, how it was trained, and whether validation flatters it."""

from dataclasses import replace

import numpy as np
import pytest
from helpers.evaluations import evaluation

from inception_hub.architecture import Architecture
from inception_hub.bundle import Bundle, Provenance
from inception_hub.evaluation import Candidate, Evaluation, Score, Selection
from inception_hub.labels import Labels
from inception_hub.training.card import card
from inception_hub.training.summary import RunSummary

LABELS = Labels(("a", "b"), (None, None))
MODULE = Bundle(
    "letters", Architecture(0.25, 2), {}, LABELS, Provenance("made of noise", "CC0-1.0"), image_size=(96, 64)
)
RIGHT = np.array([[0.9, 0.1], [0.8, 0.2], [0.6, 0.4]], np.float32)
EVALUATION = Evaluation("letters", "noise test", LABELS, np.array([0, 0, 1]), RIGHT, ["0", "1", "2"])
SUMMARY = RunSummary("Letters", {}, [], Selection("Kept: all."), [], [], chosen_by_validation=False)


def test_it_says_what_the_module_is_and_how_accurate() -> None:
    text = card(MODULE, {"seed": "7", "base": "small"}, [EVALUATION], "as stored", SUMMARY)
    assert text.startswith("# Letters\n\nInception V2 (depth multiplier 0.25) for 2 classes,\nmade of noise;")
    assert "licence CC0-1.0. It sees photos at 96 x 64 px,\nby the preset `default`." in text
    rows = f"| noise test | 3 | 66.67% | {EVALUATION.top1_interval} | {EVALUATION.ece:.3f} |"
    assert f"| --- |\n{rows}\n\nMeasured as stored. Intervals are Wilson's, of 95%.\n" in text
    assert "top-5" not in text, "of two classes"
    assert "\nKept: all.\n" in text
    assert "| seed | 7 |\n| base | small |\n" in text


@pytest.mark.parametrize("chosen", [False, True])
def test_a_choice_by_validation_is_admitted(chosen: bool) -> None:
    text = card(MODULE, {}, [EVALUATION], "as stored", replace(SUMMARY, chosen_by_validation=chosen))
    assert ("so their figure flatters a little" in text) is chosen


def test_top_5_of_more_than_five_classes_has_its_interval() -> None:
    measured = evaluation(60, 6)
    text = card(MODULE, {}, [measured], "as stored", SUMMARY)
    assert "| data | images | top-1 | interval | top-5 | interval | ECE |" in text
    assert f"| {measured.top5:.2%} | {measured.top5_interval} |" in text


def test_the_candidates_stand_beside_each_other_and_the_kept_one_in_bold() -> None:
    head = Candidate("head", 0, Score(1.14, 0.5, 20), kept=False)
    epoch = Candidate("whole network, epoch 2", 2, Score(0.9, 0.75, 20), kept=True)
    summary = replace(SUMMARY, selection=Selection("Kept: epoch 2.", (head, epoch)))
    text = card(MODULE, {}, [EVALUATION], "as stored", summary)
    assert "Kept: epoch 2.\n\n| while training, on validation | loss | top-1 | interval |\n" in text
    assert "| head | 1.140 | 50.00% | 29.9% to 70.1% |\n" in text
    assert "| **whole network, epoch 2** | 0.900 | 75.00% | 53.1% to 88.8% |\n" in text
