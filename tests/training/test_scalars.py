"""The scalars of a run, by name."""

from dataclasses import replace

from helpers.evaluations import evaluation

from inception_hub.evaluation import Epoch, Score
from inception_hub.training.scalars import epoch_scalars, module_scalars


def test_an_epoch_that_was_not_validated_has_no_figures_of_validation() -> None:
    assert epoch_scalars(Epoch("training", 1, 1.5, None, 1e-3, 100.0, 0.0)) == {
        "loss/train": 1.5, "learning rate": 1e-3, "images per second": 100.0, "share waiting for data": 0.0,
    }  # fmt: skip
    scalars = epoch_scalars(Epoch("training", 1, 1.5, Score(1.25, 0.0, 10), 1e-3, 100.0, 0.25))
    assert (scalars["loss/validation"], scalars["top-1/validation"]) == (1.25, 0.0)


def test_a_module_has_figures_of_each_split() -> None:
    few, many = evaluation(60, 5), evaluation(60, 6)
    few, many = replace(few, data="my photos test"), replace(many, data="my photos validation")
    assert module_scalars([few, many]) == {
        "module top-1/test": few.top1,
        "module ECE/test": few.ece,
        "module top-1/validation": many.top1,
        "module top-5/validation": many.top5,
        "module ECE/validation": many.ece,
    }
