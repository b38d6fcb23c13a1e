"""The card of a trained module, its README.md: accuracy, what was kept, how it was trained, its limits."""

from collections.abc import Iterable, Sequence

from ..bundle import Bundle
from ..evaluation import Evaluation, Selection
from ..system.text import counted
from .summary import RunSummary

FLATTERED = "The validation photos also chose what was kept, so their figure flatters a little."


def card(
    module: Bundle, facts: dict[str, str], evaluations: list[Evaluation], measured: str, summary: RunSummary
) -> str:
    """The card's Markdown. `measured`: how the accuracy was measured, as the end of a sentence."""
    chosen = f"\n{FLATTERED}\n" if summary.chosen_by_validation else ""
    height, width = module.image_size
    return f"""# {summary.title}

Inception V2 (depth multiplier {module.architecture.depth_multiplier:g}) for {len(module.labels)} classes,
{module.provenance.source}; licence {module.provenance.licence}. It sees photos at {height} x {width} px,
by the preset `{module.resize}`.

{_accuracy(evaluations)}

Measured {measured}. Intervals are Wilson's, of 95%.
{chosen}{_calibrated(module)}
{_kept(summary.selection)}
{_table(("", ""), facts.items())}

Larger photos are reduced to the default size, so fine detail does not count. Not for decisions about people.
"""


def _calibrated(module: Bundle) -> str:
    """What the module was calibrated on."""
    if module.calibration is None:
        return ""
    return (
        f"\nCalibrated on {counted(len(module.calibration['scores']), 'validation photo')}, so "
        "`inception-hub classify --coverage` answers with sets of classes, and tells unknown photos.\n"
    )


def _accuracy(evaluations: Sequence[Evaluation]) -> str:
    """A row for each evaluation; top-5 where the classes are more than five."""
    titles, rows = ["data", "images", "top-1", "interval"], []
    if evaluations[0].top5 is not None:
        titles += ["top-5", "interval"]
    for each in evaluations:
        row = [each.data, f"{len(each.names):,}", f"{each.top1:.2%}", str(each.top1_interval)]
        if each.top5 is not None:
            row += [f"{each.top5:.2%}", str(each.top5_interval)]
        rows.append([*row, f"{each.ece:.3f}"])
    return _table([*titles, "ECE"], rows)


def _kept(selection: Selection) -> str:
    """What was kept and why, and the candidates where there were several."""
    if len(selection.candidates) < 2:
        return f"{selection.reason}\n"
    rows = [
        (
            f"**{each.name}**" if each.kept else each.name,
            f"{each.score.loss:.3f}",
            f"{each.score.top1:.2%}",
            str(each.score.interval),
        )
        for each in selection.candidates
    ]
    titles = ("while training, on validation", "loss", "top-1", "interval")
    return f"{selection.reason}\n\n{_table(titles, rows)}\n"


def _table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
