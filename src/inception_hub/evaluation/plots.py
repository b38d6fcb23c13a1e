"""The plots of a report as inline SVG: training curves, confusion matrix, reliability diagram, risk."""

import html
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..output.data_uri import png_uri
from ..system.text import encoded
from .history import Candidate, Epoch
from .metrics import Bin
from .svg import FIRST, INK, SECOND, figure_svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

NAMED_CLASSES = 40  # more names beside a matrix cannot be read
COUNTED_CLASSES = 12  # with more, the cells have no room for their counts
LONGEST_NAME = 24  # characters
MOST_POINTS = 400  # of a curve over images
Level = tuple[float, str, str, str]  # of a horizontal line: its value, colour, style and name
OVERCONFIDENT, UNDERCONFIDENT = (SECOND, 0.8), (FIRST, 0.4)  # colour and opacity of a calibration gap


def curves(history: Sequence[Epoch], lowest_loss: float | None = None, start: Candidate | None = None) -> str:
    """Training curves over the epochs of all phases, an `<svg>` each: losses, accuracy, learning rate.

    The kept epoch has a ring. `lowest_loss`: a lower bound of the training loss, drawn as a dashed line.
    `start`: what the run began with, drawn as dotted lines. The accuracy is left out where no epoch
    was validated.
    """
    scores = [epoch.validation for epoch in history]
    validation = [score and score.loss for score in scores]
    losses = {"training": [epoch.train_loss for epoch in history], "validation": validation}
    lines = [] if lowest_loss is None else [(lowest_loss, FIRST, "--", "lowest in training")]
    parts = [_curve(history, "Loss", losses, [*lines, *_start(start, start and start.score.loss, SECOND)])]
    if any(scores):
        top1 = [score and 100 * score.top1 for score in scores]
        before = _start(start, start and 100 * start.score.top1, FIRST)
        title = "Top-1 accuracy on validation, %"
        parts.append(_curve(history, title, {"validation": top1}, before, most=100))
    rates = [epoch.learning_rate for epoch in history]
    return "".join([*parts, _curve(history, "Learning rate", {"learning rate": rates})])


def confusion(matrix: NDArray[np.int64], labels: Sequence[str]) -> str:
    """The confusion matrix as a heatmap: an `<svg>`, or without names an `<img>` beyond 40 columns.

    `matrix` [rows, columns]: a row for each true class, coloured by the square root of the share of the row.
    `labels`: of the columns; those of the rows are the first of them.
    """
    shares = np.sqrt(matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1))
    title = f"Confusion matrix of {matrix.shape[0]} classes"
    if len(labels) > NAMED_CLASSES:
        picture = png_uri(_coloured(shares))
        return f'<img class="heatmap" src="{picture}" alt="{html.escape(title)}">'
    names = [_short(label) for label in labels]

    def draw(figure: "Figure") -> None:
        axes = figure.add_subplot()
        axes.imshow(shares, cmap="viridis", vmin=0, vmax=1, interpolation="none", aspect="equal")
        size = 8 if len(names) <= COUNTED_CLASSES else 6.5
        axes.set_xticks(range(len(names)), names, rotation=90 if len(names) > 6 else 30, fontsize=size)
        if len(names) <= 6:
            for tick in axes.get_xticklabels():
                tick.set_horizontalalignment("right")
        axes.set_yticks(range(len(matrix)), names[: len(matrix)], fontsize=size)
        axes.set_xlabel("predicted")
        axes.set_ylabel("truth")
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        if len(names) <= COUNTED_CLASSES:
            for (row, column), count in np.ndenumerate(matrix):
                colour = "#000000" if shares[row, column] > 0.65 else "#ffffff"
                axes.text(column, row, f"{count:,}", ha="center", va="center", fontsize=8, color=colour)

    side = 3.4 + 0.13 * len(names)
    return figure_svg(draw, side, side, title)


def reliability(bins: Sequence[Bin]) -> str:
    """The reliability diagram as `<svg>`: accuracy over confidence, gaps to the diagonal shaded.

    The diagonal is perfect calibration. The histogram below counts the images of each bin.
    """

    def draw(figure: "Figure") -> None:
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
        for each in bins:
            middle, width = (each.low + each.high) / 2, (each.high - each.low) * 0.92
            lower.bar(middle, each.count, width, color=FIRST)
            if each.accuracy is None or each.confidence is None:
                continue
            solid, end = sorted((each.accuracy, each.confidence))
            gap = OVERCONFIDENT if each.confidence > each.accuracy else UNDERCONFIDENT
            upper.bar(middle, solid, width, color=FIRST)
            upper.bar(middle, end - solid, width, bottom=solid, color=gap[0], alpha=gap[1])
        upper.plot([0, 1], [0, 1], color=INK, linewidth=0.8, linestyle="--", alpha=0.7)
        upper.set(xlim=(0, 1), ylim=(0, 1), ylabel="accuracy")
        lower.set(xlabel="confidence", ylabel="images")
        lower.yaxis.set_major_locator(_whole_numbers(3))
        lower.yaxis.set_major_formatter("{x:,.0f}")
        for (colour, alpha), label in (
            (OVERCONFIDENT, "overconfident"),
            (UNDERCONFIDENT, "underconfident"),
        ):
            upper.bar(0, 0, color=colour, alpha=alpha, label=label)
        upper.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderaxespad=0.2)

    return figure_svg(draw, 4.2, 4.2, "Reliability diagram: accuracy over confidence")


def risk(answered: NDArray[np.float64], risks: NDArray[np.float64]) -> str:
    """The risk-coverage curve as `<svg>`: mistakes among the surest predictions, over how many are taken."""
    few = np.unique(np.linspace(0, len(answered) - 1, MOST_POINTS).round().astype(int))

    def draw(figure: "Figure") -> None:
        axes = figure.add_subplot()
        axes.plot(100 * answered[few], 100 * risks[few], color=FIRST, linewidth=1.6)
        axes.set(xlim=(0, 100), ylim=(0, None), xlabel="predictions taken, surest first, %")
        axes.set(title="Mistakes among them, %")
        axes.grid(axis="y", color=INK, alpha=0.12, linewidth=0.8)

    return figure_svg(draw, 4.2, 2.8, "Risk-coverage curve: mistakes among the surest predictions")


def _curve(
    history: Sequence[Epoch],
    title: str,
    series: dict[str, Sequence[float | None]],
    levels: Sequence[Level] = (),
    most: float | None = None,
) -> str:
    """A plot of each of `series` over the epochs. Validation, where it is among them, has the ring.

    `most`: what no value can exceed; the axis ends there.
    """

    def draw(figure: "Figure") -> None:
        axes = figure.add_subplot()
        epochs = range(1, len(history) + 1)
        for (name, values), colour in zip(series.items(), (FIRST, SECOND), strict=False):
            numbers = [np.nan if value is None else value for value in values]
            if np.isfinite(numbers).any():
                axes.plot(epochs, numbers, color=colour, label=name, marker=".", markersize=4, linewidth=1.6)
            if name == "validation":
                _ring(axes, history, numbers, colour)
        for level, colour, style, name in levels:
            axes.axhline(level, color=colour, linewidth=1.0, linestyle=style, label=name)
        axes.set(title=title, xlabel="epoch")
        axes.xaxis.set_major_locator(_whole_numbers(6))
        axes.grid(axis="y", color=INK, alpha=0.12, linewidth=0.8)
        _mark_phases(axes, history)
        if most is not None:
            low, high = axes.get_ylim()
            axes.set_ylim(low, min(high, most + 0.05 * (most - low)))  # a line at `most` is seen whole
        if len(axes.get_legend_handles_labels()[0]) > 1:
            figure.legend(fontsize=8, loc="outside lower center", ncols=2)  # not over the lines

    return figure_svg(draw, 3.6, 3.0, f"{title} over the epochs")


def _start(start: Candidate | None, value: float | None, colour: str) -> list[Level]:
    """The line of what a run began with."""
    return [] if start is None or value is None else [(value, colour, ":", start.name)]


def _ring(axes: "Axes", history: Sequence[Epoch], values: Sequence[float], colour: str) -> None:
    """A ring around the value of the kept epoch."""
    for place, (epoch, value) in enumerate(zip(history, values, strict=True), 1):
        if epoch.kept and np.isfinite(value):
            ring: dict[str, Any] = {"marker": "o", "markersize": 9, "fillstyle": "none", "linestyle": "none"}
            axes.plot([place], [value], color=colour, label="kept", **ring)


def _mark_phases(axes: "Axes", history: Sequence[Epoch]) -> None:
    for place, (before, after) in enumerate(zip(history, history[1:], strict=False), 1):
        if before.phase != after.phase:
            axes.axvline(place + 0.5, color=INK, alpha=0.35, linewidth=0.8, linestyle=":")


def _whole_numbers(most: int) -> "MaxNLocator":
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(most, integer=True, min_n_ticks=1)


def _coloured(shares: NDArray[np.float64]) -> NDArray[np.uint8]:
    """The viridis colours of `shares` in [0, 1], uint8 [rows, columns, 3]."""
    from matplotlib import colormaps

    return np.asarray(colormaps["viridis"](shares, bytes=True))[..., :3]


def _short(name: str) -> str:
    text = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in encoded(name).decode())
    return text if len(text) <= LONGEST_NAME else text[: LONGEST_NAME - 1] + "…"
