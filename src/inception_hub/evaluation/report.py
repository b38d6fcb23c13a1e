"""One self-contained HTML page about a training run or an evaluation: no script, nothing from elsewhere."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..output.data_uri import jpeg_uri
from ..system.text import encoded
from . import plots
from .comparison import Comparison
from .history import Epoch
from .metrics import ClassScore, Evaluation
from .svg import without_plots

MISTAKES = 24  # pictures of about 8 kB
CONFUSED = 12  # pairs
GENERATOR = "inception-hub report"

THUMBNAIL = 224  # px, longest side: sharp on a card of 112 to 224
QUALITY = 80  # JPEG: about 8 kB a photo


@dataclass(frozen=True, eq=False)
class Report:
    """What the page tells.

    `facts` are shown as they are: data, recipe, time, seed. `picture` gives image i of the evaluation as
    uint8 [height, width, 3] of any size, None where there is none. `augmented`: caption and picture, the
    original first. `class_counts`: split, class, images. `comparison`: another module and how it compares
    to `evaluation`, which is the first of the two. `lowest_loss`: a bound of the training loss, drawn.
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
    lowest_loss: float | None = None


def render(report: Report) -> str:
    """The page, HTML that encodes to UTF-8; the same report gives the same page.

    Without matplotlib it has its tables, and a note in place of the plots.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("inception_hub", "resources/templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    evaluation = report.evaluation
    no_plots = without_plots()
    page = environment.get_template("report.html.j2").render(
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
    """Each plot as it stands in the page, and what is said beside the confusion matrix."""
    from markupsafe import Markup

    matrix, columns = _seen(report.evaluation)
    return {
        "confusion": Markup(plots.confusion(matrix, columns)),
        "shown": len(columns),
        "outside": len(columns) > len(matrix),
        "reliability": Markup(plots.reliability(report.evaluation.reliability())),
        "curves": Markup(plots.curves(report.history, report.lowest_loss) if report.history else ""),
    }


def _worst_first(scores: Sequence[ClassScore]) -> list[ClassScore]:
    """Those of the data, lowest recall first; many modules know more classes than the data has."""
    return sorted((s for s in scores if s.recall is not None), key=lambda s: (s.recall, s.f1 or 0, s.label))


def _seen(evaluation: Evaluation) -> tuple[NDArray[np.int64], list[str]]:
    """The confusion matrix of the classes of the data; all answers outside them are one last column."""
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
        "answer": evaluation.labels[evaluation.answers[index]],
        "confidence": float(evaluation.confidences[index]),
    }
