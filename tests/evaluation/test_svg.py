"""Matplotlib figures as inline `<svg>`: reproducible, with ids of their own, and without side effects."""

import re
import sys
import xml.etree.ElementTree as ElementTree
from typing import TYPE_CHECKING

import pytest
from helpers.evaluations import HISTORY
from helpers.pages import Page

from inception_hub.evaluation import plots
from inception_hub.evaluation.svg import FIRST, INK, SECOND, figure_svg, without_plots

if TYPE_CHECKING:
    from matplotlib.figure import Figure

pytest.importorskip("matplotlib")


def line(height: float) -> str:
    def draw(figure: "Figure") -> None:
        axes = figure.add_subplot()
        axes.plot([0, 1], [0, height], color=FIRST)
        axes.plot([0, 1], [height, 0], color=SECOND)
        axes.set_title("costs $5 and $6", color=INK)

    return figure_svg(draw, 2, 3, 'a "line" & <more>')


def test_a_figure_is_one_element_without_date_style_or_fonts() -> None:
    svg = line(1)
    root = ElementTree.fromstring(svg)
    assert root.tag == "svg" and root.attrib["aria-label"] == 'a "line" & <more>'
    assert root.attrib["viewBox"].split()[2:] == ["144", "216"]  # points
    assert not re.search(r"<style|<metadata|<\?xml|font-family|xlink|xmlns", svg)
    assert "costs $5 and $6" in Page(svg).texts("text")


def test_the_page_s_colours_take_the_place_of_the_placeholders() -> None:
    svg = line(1)
    for colour in ("currentColor", "var(--best, #2a7a6f)", "var(--second, #c2703d)"):
        assert colour in svg
    assert not any(placeholder in svg for placeholder in (INK, FIRST, SECOND))


def test_figures_are_reproducible_and_their_ids_differ() -> None:
    assert line(1) == line(1)
    ids = [set(re.findall(r' id="(\w+)"', line(height))) for height in (1, 2)]
    assert ids[0] and ids[1] and not ids[0] & ids[1]


def test_plots_leave_matplotlib_as_it_was() -> None:
    import matplotlib

    before = dict(matplotlib.rcParams)
    plots.curves(HISTORY)
    assert dict(matplotlib.rcParams) == before


def test_the_reason_for_a_report_without_plots(monkeypatch: pytest.MonkeyPatch) -> None:
    assert without_plots() is None
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert "matplotlib is not installed: pip install matplotlib" in (without_plots() or "")
