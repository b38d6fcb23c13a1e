"""Limits by name, as `--limit` sets them."""

import pytest

from inception_hub.errors import ArgumentError
from inception_hub.server.limits import Limits


def test_limits_are_set_by_name() -> None:
    limits = Limits().changed(["queue=7", "deadline=0.5"])
    assert (limits.queue, limits.deadline, limits.images) == (7, 0.5, Limits().images)
    for setting in (
        "nothing=1",
        "queue=0",
        "queue=1.5",
        "queue=",
        "deadline=nan",
        "deadline=inf",
        "deadline=-1",
    ):
        with pytest.raises(ArgumentError, match=setting.partition("=")[0]):
            Limits().changed([setting])
