"""The plots of a report: well-formed, in the page's colours, with all that they must show."""

import xml.etree.ElementTree as ElementTree
from collections.abc import Callable

import numpy as np
import pytest
from helpers.evaluations import HISTORY, HOSTILE, evaluation
from helpers.pages import Page

from inception_hub.evaluation import plots
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


def test_curves_show_both_losses() -> None:
    words = Page(f"<p>{plots.curves(HISTORY)}</p>").texts("text")
    assert words.count("training") == words.count("validation") == 1
    assert {"Loss", "Top-1 accuracy on validation, %", "Learning rate"} <= set(words)
    alone = Page(f"<p>{plots.curves(HISTORY[1:2])}</p>").texts("text")
    assert "Top-1 accuracy on validation, %" not in alone
