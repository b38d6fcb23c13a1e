"""The card of a trained module: accuracy, how it was trained, and whether validation flatters it."""

from dataclasses import replace

import numpy as np
import pytest

from inception_hub.architecture import Architecture
from inception_hub.bundle import Bundle, Provenance
from inception_hub.evaluation import Evaluation
from inception_hub.labels import Labels
from inception_hub.training.card import card
from inception_hub.training.summary import RunSummary

LABELS = Labels(("a", "b"), (None, None))
MODULE = Bundle(
    "letters", Architecture(0.25, 2), {}, LABELS, Provenance("made of noise", "CC0-1.0"), image_size=(96, 64)
)
RIGHT = np.array([[0.9, 0.1], [0.8, 0.2], [0.6, 0.4]], np.float32)
EVALUATION = Evaluation("letters", "noise test", LABELS, np.array([0, 0, 1]), RIGHT, ["0", "1", "2"])
SUMMARY = RunSummary("Letters", {}, [], [], [], chosen_by_validation=False)


def test_it_says_what_the_module_is_and_how_accurate() -> None:
    text = card(MODULE, {"seed": "7", "base": "small"}, [EVALUATION], "as stored", SUMMARY)
    assert text.startswith("# Letters\n\nInception V2 (depth multiplier 0.25) for 2 classes,\nmade of noise;")
    assert "licence CC0-1.0. It sees photos at 96 x 64 px,\nby the preset `default`." in text
    assert f"| noise test | 3 | 66.67% | 100.00% | {EVALUATION.ece:.3f} |\n\nMeasured as stored.\n" in text
    assert "| seed | 7 |\n| base | small |\n" in text


@pytest.mark.parametrize("chosen", [False, True])
def test_a_choice_by_validation_is_admitted(chosen: bool) -> None:
    text = card(MODULE, {}, [EVALUATION], "as stored", replace(SUMMARY, chosen_by_validation=chosen))
    assert ("so their figure flatters a little" in text) is chosen
