"""The figures of a run: what the curves and the tables of a report take them for."""

from dataclasses import FrozenInstanceError, fields, replace

import pytest
from helpers.evaluations import evaluation
from helpers.pages import Page

from inception_hub.evaluation import Candidate, Epoch, Report, Score, Selection, render


def test_an_epoch_does_not_change() -> None:
    epoch = Epoch("head", 1, 1.5, None, 0.001, 100.0, 0.02)
    with pytest.raises(FrozenInstanceError):
        epoch.epoch = 2  # type: ignore[misc]
    assert len(fields(epoch)) == 8


def test_every_figure_of_an_epoch_is_in_the_report_and_what_was_not_validated_a_dash() -> None:
    history = [
        Epoch("head", 1, 1.5, None, 0.00123, 123.4, 0.02),
        Epoch("all", 1, 0.75, Score(0.625, 0.5, 20), 0.0005, 90, 0.25, kept=True),
    ]
    page = Page(render(Report("run", {}, evaluation(6, 3), lambda index: None, history=history)))
    cells = page.texts("td")
    start = cells.index("head")
    assert cells[start : start + 16] == [
        "head", "1", "1.500", "–", "–", "0.00123", "123", "2.0%",
        "all", "1 (kept)", "0.750", "0.625", "50.0%", "0.0005", "90", "25.0%",
    ]  # fmt: skip
    assert "29.9%\xa0to 70.1%" in page.texts("small"), "beside top-1"


def test_a_score_is_a_clause_with_the_interval_of_its_accuracy() -> None:
    score = Score(1.1404, 6 / 11, 11)
    assert str(score) == "validation loss 1.140, top-1 54.5% (28.0% to 78.7%)"
    assert replace(score, photos=1100).interval == pytest.approx((0.5159, 0.5746), abs=1e-4)


def test_a_run_starts_with_the_candidate_before_the_first_epoch() -> None:
    head = Candidate("head", 0, Score(1.0, 0.5, 10), kept=False)
    epoch = Candidate("whole network, epoch 1", 1, Score(0.9, 0.5, 10), kept=True)
    assert Selection("Kept.", (head, epoch)).start is head
    assert Selection("Kept.", (epoch,)).start is None
