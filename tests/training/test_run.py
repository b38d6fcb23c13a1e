"""A training run: its defaults, and that it cannot be changed on the way."""

from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest
from helpers.runs import RECIPE, photos

from inception_hub.training.listener import RunListener
from inception_hub.training.run import Run


def test_the_defaults_are_a_run_that_nobody_listens_to() -> None:
    run = Run(RECIPE, photos(), Path("checkpoint"), "identity")
    assert (run.seed, run.bfloat16, run.phase) == (0, True, "training")
    assert run.validate is None and run.teachers is None
    assert type(run.listener) is RunListener
    assert run.listener is not Run(RECIPE, photos(), Path("checkpoint"), "identity").listener


def test_a_run_stays_as_it_began() -> None:
    run = Run(RECIPE, photos(), Path("checkpoint"), "identity")
    with pytest.raises(FrozenInstanceError):
        run.seed = 1  # type: ignore[misc]
