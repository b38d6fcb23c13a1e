"""Limits by name, as `--limit` sets them."""

import pytest

from inception_hub.errors import ArgumentError
from inception_hub.server.limits import MOST_WAITING, Limits


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
        "drain_seconds=1e7",
        "connections=" + "9" * 30,
    ):
        with pytest.raises(ArgumentError, match=setting.partition("=")[0]):
            Limits().changed([setting])


def test_many_connections_wait_no_more_than_a_system_keeps() -> None:
    assert Limits(connections=7).waiting == 7
    assert Limits().changed(["connections=1000000"]).waiting == MOST_WAITING
