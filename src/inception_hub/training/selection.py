"""Which weights a run keeps: those of the best score on validation; and the sentences that say so."""

from collections.abc import Sequence

from ..evaluation import Candidate, Epoch, Score, Selection
from .choices import Select
from .recipes import Recipe

HEAD = "head"  # the name of what a run of the whole network begins with
FIGURES: dict[Select, str] = {"loss": "validation loss", "accuracy": "top-1"}
BEST: dict[Select, str] = {"loss": "lowest", "accuracy": "highest"}
BETTER: dict[Select, str] = {"loss": "lower", "accuracy": "higher"}


def rank(score: Score, by: Select) -> tuple[float, float]:
    """What sorts scores by `by`, the best first; the other figure decides among equals."""
    return (score.loss, -score.top1) if by == "loss" else (-score.top1, score.loss)


def explain_selection(recipe: Recipe, history: Sequence[Epoch], head: Score | None = None) -> Selection:
    """Which weights a run by `recipe` kept, and why.

    `head`: the score of the network with the new head, before the first epoch, where one was fitted. It is
    what was kept where no epoch was.
    """
    kept = next((each.epoch for each in history if each.kept), 0)
    started = [] if head is None else [Candidate(HEAD, 0, head, kept == 0)]
    epochs = [
        Candidate(f"{each.phase}, epoch {each.epoch}", each.epoch, each.validation, each.kept)
        for each in history
        if each.validation
    ]
    best = _best([*started, *epochs])
    shown = [*started, *(each for each in epochs if each.kept or each in _best(epochs))]
    return Selection(_reason(recipe, len(history), kept, best), tuple(shown))


def table(selection: Selection) -> list[str]:
    """The candidates as lines of text, 56 characters wide; none where there is no choice."""
    if len(selection.candidates) < 2:
        return []
    rows = [("on validation", "loss", "top-1", "95% interval")]
    for each in selection.candidates:
        score = each.score
        rows.append((each.name, f"{score.loss:.3f}", f"{score.top1:.1%}", str(score.interval)))
    return [f"{name:<24} {loss:>6}  {top1:>6}  {interval}" for name, loss, top1, interval in rows]


def _best(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The best by each of `FIGURES`; none of none."""
    return [min(candidates, key=lambda each: rank(each.score, by)) for by in FIGURES] if candidates else []


def _reason(recipe: Recipe, trained: int, kept: int, best: Sequence[Candidate]) -> str:
    """`trained`: epochs; `kept`: the one that was kept; `best`: by each of `FIGURES`."""
    if not trained:
        return f"Kept: the {HEAD}, as nothing else was trained."
    if not recipe.patience:
        return f"Kept: epoch {trained}, the last; without patience, epochs are not compared."
    by = recipe.select
    if kept:
        reason = f"Kept: epoch {kept}, whose {FIGURES[by]} is the {BEST[by]}."
    else:
        reason = f"Kept: the {HEAD}, as no epoch has a {BETTER[by]} {FIGURES[by]}."
    reason += "".join(
        f" By {other} it would be {f'epoch {each.epoch}' if each.epoch else f'the {HEAD}'}."
        for other, each in zip(FIGURES, best, strict=True)
        if other != by and each.epoch != kept
    )
    if trained < len(recipe.epochs):
        reason += (
            f" Training stopped after epoch {trained} of {len(recipe.epochs)}: "
            f"{recipe.patience} without a better one."
        )
    return reason
