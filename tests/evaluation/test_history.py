"""The figures of an epoch: what the curves and the table of a report take them for."""

from dataclasses import FrozenInstanceError, fields

import pytest
from helpers.evaluations import evaluation
from helpers.pages import Page

from inception_hub.evaluation import Epoch, Report, render


def test_an_epoch_does_not_change() -> None:
    epoch = Epoch("head", 1, 1.5, None, None, 0.001, 100.0, 0.02)
    with pytest.raises(FrozenInstanceError):
        epoch.epoch = 2  # type: ignore[misc]
    assert len(fields(epoch)) == 8


def test_every_figure_of_an_epoch_is_in_the_report_and_what_was_not_validated_a_dash() -> None:
    history = [
        Epoch("head", 1, 1.5, None, None, 0.00123, 123.4, 0.02),
        Epoch("all", 1, 0.75, 0.625, 0.5, 0.0005, 90, 0.25),
    ]
    page = Page(render(Report("run", {}, evaluation(6, 3), lambda index: None, history=history)))
    cells = page.texts("td")
    start = cells.index("head")
    assert cells[start : start + 16] == [
        "head", "1", "1.500", "–", "–", "0.00123", "123", "2.0%",
        "all", "1", "0.750", "0.625", "50.0%", "0.0005", "90", "25.0%",
    ]  # fmt: skip
