"""The report of a training run or an evaluation: one self-contained HTML page without scripts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..output.data_uri import jpeg_uri
from ..system.templates import page_template
from ..system.text import encoded
from . import plots
from .comparison import Comparison
from .coverage import risk_coverage
from .history import Epoch, Selection
from .metrics import ClassScore, Evaluation
from .svg import without_plots

MISTAKES = 24  # pictures of about 8 kB
CONFUSED = 12  # pairs
GENERATOR = "inception-hub report"

THUMBNAIL = 224  # px, longest side: sharp on a card of 112 to 224
QUALITY = 80  # JPEG: about 8 kB a photo


@dataclass(frozen=True, eq=False)
class Report:
    """The content of a report.

    `facts`: shown as they are, such as data, recipe, time and random seed. `picture`: from an index into the
    evaluation to that image, uint8 [height, width, 3] of any size, or None. `augmented`: captions and
    pictures of one augmented photo, the original first. `class_counts`: images by split and class.
    `comparison`: the evaluation of a second module, and its comparison with `evaluation`. `selection`: which
    weights the run of `history` kept, and why. `lowest_loss`: a lower bound of the training loss, in nats,
    drawn in the curves.
    """

    title: str
    facts: Mapping[str, str]
    evaluation: Evaluation
    picture: Callable[[int], NDArray[np.uint8] | None]
    history: Sequence[Epoch] = ()
    augmented: Sequence[tuple[str, NDArray[np.uint8]]] = ()
    class_counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    notes: Sequence[str] = ()
    comparison: tuple[Evaluation, Comparison] | None = None
    selection: Selection | None = None
    lowest_loss: float | None = None


def render(report: Report) -> str:
    """The report as HTML that can be encoded as UTF-8; the same report gives the same page.

    Without matplotlib the page has a note in place of the plots.
    """
    evaluation = report.evaluation
    no_plots = without_plots()
    page = page_template("report.html.j2").render(
        report=report,
        evaluation=evaluation,
        generator=GENERATOR,
        classes=_worst_first(evaluation.per_class()),
        confused=evaluation.most_confused(CONFUSED),
        wrong=int((~evaluation.correct).sum()),
        mistakes=[_mistake(report, index) for index in evaluation.mistakes(MISTAKES)],
        augmented=[(caption, jpeg_uri(image, THUMBNAIL, QUALITY)) for caption, image in report.augmented],
        counted=list(dict.fromkeys(name for counts in report.class_counts.values() for name in counts)),
        notes=[*report.notes, no_plots] if no_plots else report.notes,
        plots=None if no_plots else _plots(report),
    )
    return encoded(page).decode()


def _plots(report: Report) -> dict[str, Any]:
    """The plots, as markup, and what the page says beside the confusion matrix."""
    from markupsafe import Markup

    evaluation = report.evaluation
    matrix, columns = _confusion(evaluation)
    return {
        "confusion": Markup(plots.confusion(matrix, columns)),
        "shown": len(columns),
        "outside": len(columns) > len(matrix),
        "reliability": Markup(plots.reliability(evaluation.reliability())),
        "risk": Markup(_risk(evaluation) if evaluation.sets and not evaluation.correct.all() else ""),
        "curves": Markup(_curves(report) if report.history else ""),
    }


def _curves(report: Report) -> str:
    start = report.selection.start if report.selection else None
    return plots.curves(report.history, report.lowest_loss, start)


def _risk(evaluation: Evaluation) -> str:
    return plots.risk(*risk_coverage(evaluation.confidences, evaluation.correct))


def _worst_first(scores: Sequence[ClassScore]) -> list[ClassScore]:
    """The scores of the data's classes, lowest recall first; a module may know more classes."""
    return sorted((s for s in scores if s.recall is not None), key=lambda s: (s.recall, s.f1 or 0, s.label))


def _confusion(evaluation: Evaluation) -> tuple[NDArray[np.int64], list[str]]:
    """The confusion matrix of the data's classes, and its columns' names.

    Predictions of any class that the data does not have are one last column.
    """
    present = np.unique(evaluation.classes)
    rows = evaluation.confusion()[present]
    matrix = rows[:, present]
    names = [evaluation.labels[index] for index in present]
    outside = rows.sum(axis=1) - matrix.sum(axis=1)
    if outside.any():
        return np.column_stack([matrix, outside]), [*names, "any other class"]
    return matrix, names


def _mistake(report: Report, index: int) -> dict[str, Any]:
    evaluation = report.evaluation
    image = report.picture(index)
    return {
        "name": evaluation.names[index],
        "picture": None if image is None else jpeg_uri(image, THUMBNAIL, QUALITY),
        "truth": evaluation.labels[evaluation.classes[index]],
        "prediction": evaluation.labels[evaluation.predictions[index]],
        "confidence": float(evaluation.confidences[index]),
    }
