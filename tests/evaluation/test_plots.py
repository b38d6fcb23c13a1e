"""The plots of a report: well-formed, in the page's colours, with all that they must show."""

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from helpers.evaluations import HISTORY, HOSTILE, evaluation
from helpers.pages import Page

from inception_hub.evaluation import Candidate, Epoch, Score, plots
from inception_hub.evaluation.metrics import Bin

pytest.importorskip("matplotlib")


@pytest.mark.parametrize(
    "plot",
    [
        lambda: plots.confusion(np.arange(6).reshape(2, 3), ["one", HOSTILE, "three"]),
        lambda: plots.confusion(np.zeros((40, 40), np.int64), [str(i) for i in range(40)]),
        lambda: plots.reliability(evaluation(100, 4).reliability()),
        lambda: f"<p>{plots.curves(HISTORY)}</p>",
        lambda: f"<p>{plots.curves(HISTORY[1:2])}</p>",
    ],
)
def test_plots_are_well_formed_and_in_the_page_s_colours(plot: Callable[[], str]) -> None:
    svg = plot()
    ElementTree.fromstring(svg)
    assert "currentColor" in svg
    assert "#01020" not in svg
    assert "<style" not in svg and "<?xml" not in svg and "font-family" not in svg
    assert len(svg) < 60_000


def test_text_stays_text() -> None:
    words = Page(plots.reliability(evaluation(100, 4).reliability())).texts("text")
    assert {"accuracy", "confidence", "images"} <= set(words)
    assert "$y$" in Page(plots.confusion(np.ones((1, 1), np.int64), ["$y$"])).texts("text")


def test_overconfidence_and_underconfidence_have_colours_of_their_own() -> None:
    """The legend has both; there is one bar more of the colour where there is such a gap."""
    overconfident, underconfident = Bin(0.8, 1.0, 10, 0.9, 0.5), Bin(0.8, 1.0, 10, 0.9, 0.95)
    second = "var(--second, #c2703d)"
    over, under = (plots.reliability([each]).count(second) for each in (overconfident, underconfident))
    assert over == under + 1
    words = Page(plots.reliability([overconfident])).texts("text")
    assert {"overconfident", "underconfident"} <= set(words)


def rings(history: list[Epoch], start: Candidate | None = None) -> tuple[int, int]:
    """How often the curves' legends say that an epoch was kept, and how often `head`."""
    words = Page(f"<p>{plots.curves(history, None, start)}</p>").texts("text")
    return words.count("kept"), words.count("head")


def test_the_kept_epoch_has_a_ring_on_both_curves_of_validation() -> None:
    kept = [*HISTORY[:2], replace(HISTORY[2], kept=True)]
    assert rings(HISTORY) == (0, 0) and rings(kept) == (2, 0)
    assert rings([HISTORY[0], replace(HISTORY[1], kept=True), HISTORY[2]]) == (0, 0), "it was not validated"
    plain, ringed = (plots.curves(history).count("M 0 4.5") for history in (HISTORY, kept))
    assert (plain, ringed) == (0, 2), "a circle of 9 points on each"


def test_what_the_run_began_with_is_a_line_called_by_its_name() -> None:
    assert rings(HISTORY, Candidate("head", 0, Score(1.2, 0.6, 10), kept=True)) == (0, 2)


def test_curves_show_both_losses() -> None:
    words = Page(f"<p>{plots.curves(HISTORY)}</p>").texts("text")
    assert words.count("training") == words.count("validation") == 1
    assert {"Loss", "Top-1 accuracy on validation, %", "Learning rate"} <= set(words)
    alone = Page(f"<p>{plots.curves(HISTORY[1:2])}</p>").texts("text")
    assert "Top-1 accuracy on validation, %" not in alone


def test_no_accuracy_above_100_percent_is_on_the_axis() -> None:
    perfect = [replace(epoch, validation=Score(0.0, 1.0, 10)) for epoch in HISTORY]
    start = Candidate("head", 0, Score(0.0, 1.0, 10), kept=False)
    accuracy = plots.curves(perfect, None, start).split("<svg")[2]
    numbers = [float(word) for word in Page(f"<svg{accuracy}").texts("text") if word.isdigit()]
    assert 100 in numbers and max(numbers) == 100


def test_the_legend_lies_whole_below_the_curves() -> None:
    kept = [*HISTORY[:2], replace(HISTORY[2], kept=True)]
    start = Candidate("network as it was", 0, Score(1.2, 0.6, 10), kept=False)
    loss = plots.curves(kept, 0.3, start).split("<svg")[1]
    width = float(re.findall(r'viewBox="0 0 ([\d.]+)', loss)[0])
    found = re.findall(r' x="([\d.]+)" y="([\d.]+)"[^>]*>([^<]+)</text>', loss)
    places = {word: (float(x), float(y)) for x, y, word in found}
    for name in ("training", "validation", "kept", "lowest in training", "network as it was"):
        x, y = places[name]
        assert y > places["epoch"][1] and x + 4.5 * len(name) < width, (name, places)


def test_risk_is_drawn_to_its_last_image() -> None:
    answered = np.arange(1, 5001) / 5000
    words = Page(f"<p>{plots.risk(answered, answered / 2)}</p>").texts("text")
    assert "Mistakes among them, %" in words and "100" in words
    assert len(plots.risk(answered, answered / 2)) < 20_000, "points that nobody sees are left out"
