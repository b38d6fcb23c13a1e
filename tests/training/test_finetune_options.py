"""The options of fine-tuning: ranges, and what does not go together."""

from typing import Any

import pytest

from inception_hub.errors import ArgumentError
from inception_hub.training.distillation import Distillation
from inception_hub.training.finetune_options import FinetuneOptions


@pytest.mark.parametrize(
    "given, message",
    [
        (dict(batch_norm_momentum=1.5), r"batch_norm_momentum is 1.5; give a number from 0 to 1\."),
        (dict(image_size=31), "image_size is 31; give 32 px or more."),
        (dict(training_size=16), "training_size is 16; give 32 px or more."),
        (dict(phases="tail"), "phases is 'tail'; give one of both, head, full"),
        (dict(resize="cut"), "resize is 'cut'; give one of default, slim, plain, crop, pad, auto"),
        (dict(class_weights="no"), "class_weights is 'no'; give True or False."),
        (dict(batch_norm="off"), "batch_norm is 'off'; give one of update, frozen"),
        (dict(epochs=0), "epochs is 0; give a number from 1 to"),
        (dict(batch_size=1), "batch_size is 1; give a number from 2 to"),
        (dict(label_smoothing=1), "label_smoothing is 1; give a number from 0 to 0.9"),
        (dict(average=1.5), "average is 1.5; give a number from 0 to 1"),
        (dict(patience=-1), "patience is -1; give a number from 0 to"),
        (dict(learning_rate=float("nan")), "learning_rate is nan; give a number from 0 to"),
        (
            dict(phases="head", distillation=Distillation(("one",))),
            "A teacher is given and phases is 'head', where none is asked; leave the teacher out",
        ),
    ],
)
def test_what_cannot_be_is_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        FinetuneOptions(**given)


def test_the_ends_of_the_ranges_are_accepted() -> None:
    options = FinetuneOptions(image_size=32, training_size=32, batch_norm_momentum=1)
    assert (options.image_size, options.training_size, options.batch_norm_momentum) == (32, 32, 1)
    assert FinetuneOptions("full", distillation=Distillation(("one",))).distillation is not None


def test_it_is_read_without_pytorch() -> None:
    """The command line takes its choices from here before it knows whether PyTorch is installed."""
    import subprocess
    import sys

    program = "import sys, inception_hub.training.finetune_options; print('torch' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", program], text=True).strip() == "False"
