"""A training run: its defaults, and that it cannot be changed on the way."""

from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest
from helpers.runs import RECIPE, photos

from inception_hub.training.listener import RunListener
from inception_hub.training.run import Run


def test_the_defaults_are_a_run_that_nobody_listens_to() -> None:
    run = Run(RECIPE, photos(), Path("checkpoint"), {})
    assert (run.seed, run.bfloat16, run.phase) == (0, True, "training")
    assert run.validate is None and run.teachers is None
    assert type(run.listener) is RunListener
    assert run.listener is not Run(RECIPE, photos(), Path("checkpoint"), {}).listener


def test_its_identity_is_a_digest_of_its_settings() -> None:
    one, other = (Run(RECIPE, photos(), Path("checkpoint"), {"--seed": seed}) for seed in (0, 1))
    assert one.identity != other.identity and len(one.identity) == 64


def test_a_run_stays_as_it_began() -> None:
    run = Run(RECIPE, photos(), Path("checkpoint"), {})
    with pytest.raises(FrozenInstanceError):
        run.seed = 1  # type: ignore[misc]
