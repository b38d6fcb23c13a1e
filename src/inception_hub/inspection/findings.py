"""Findings: photos that stand out, of what kind, how much, and what is proposed to do with them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..data import TEST, TRAIN, VALIDATION
from ..images.quality import Quality
from ..similarity.duplicates import Group
from ..system.text import counted
from .kinds import BLURRED, DARK, GREY, ODD, TINY, TITLES, USUAL, Kind
from .label_errors import FAR, Verdicts
from .survey import Survey

Decision = Literal["keep", "exclude"]


@dataclass(frozen=True)
class Finding:
    """A photo that stands out.

    `photo`: its split and its index there. `score`: a correlation of copies, the probability of a likely
    wrong label, a z-score of outliers, or the figure of quality; None for what cannot be read. `suggestion`:
    the class that others suggest, or the reason. `copied`: the split and index of the photo that it is a copy
    of.
    """

    kind: Kind
    photo: tuple[str, int]
    label: str
    score: float | None = None
    suggestion: str = ""
    decision: Decision = "keep"
    copied: tuple[str, int] | None = None


def copies(survey: Survey, groups: Sequence[Group]) -> Iterator[Finding]:
    """Findings of photos that are copies.

    Of each group the first photo of test, else of validation, else of train stays; the others are its copies.
    """
    order = {name: place for place, name in enumerate((TEST, VALIDATION, TRAIN))}
    for group in groups:
        scores = dict(zip(group.indices, group.scores, strict=True))
        first, *others = sorted(group.indices, key=lambda row: (order[survey.place(row)[0]], row))
        for row in others:
            split, kept = survey.place(row)[0], survey.place(first)[0]
            if split != kept:
                yield _copy("leak", survey, row, first, scores[row])
            elif survey.classes[row] != survey.classes[first]:
                yield _copy("conflict", survey, row, first, scores[row])
                yield _copy("conflict", survey, first, row, scores[row])
            else:
                yield _copy("duplicate", survey, row, first, scores[row])


def labels(survey: Survey, verdicts: Verdicts) -> Iterator[Finding]:
    """Findings of likely wrong labels, the most suspicious first, then of outliers, the farthest first."""
    suspicious, unlikely = verdicts.suspicious(), verdicts.unlikely()
    for row in suspicious.tolist():
        yield _finding(
            "wrong label",
            survey,
            row,
            float(verdicts.given[row]),
            survey.dataset.labels[int(verdicts.suggested[row])],
            "exclude" if unlikely[row] else "keep",
        )
    far = np.setdiff1d(np.flatnonzero(verdicts.outlying > FAR), suspicious)
    for row in far[np.argsort(-verdicts.outlying[far], kind="stable")].tolist():
        yield _finding("outlier", survey, row, float(verdicts.outlying[row]))


def unreadable(survey: Survey) -> Iterator[Finding]:
    """Findings of photos that cannot be read."""
    for each in survey.unreadable:
        split = survey.dataset.splits[each.split]
        label = survey.dataset.labels[int(split.classes[each.index])]
        yield Finding("unreadable", (each.split, each.index), label, None, each.reason, "exclude")


def qualities(survey: Survey) -> tuple[list[Finding], list[str]]:
    """Findings of photos of poor quality, the worst first, and notes of what most photos are like."""
    figures = dict(zip(Quality._fields, survey.qualities.T, strict=True))
    shape = figures["longer"] / figures["shorter"]
    measures: tuple[tuple[Kind, NDArray[np.float32], NDArray[np.bool_], int], ...] = (
        ("dark", figures["brightness"], figures["brightness"] < DARK, 1),
        ("blurred", figures["sharpness"], figures["sharpness"] < BLURRED, 1),
        ("tiny", figures["shorter"], figures["shorter"] < TINY, 1),
        ("odd shape", shape, shape >= ODD, -1),
        ("grey", figures["colour"], figures["colour"] <= GREY, 1),
    )
    findings: list[Finding] = []
    notes: list[str] = []
    for kind, values, poor, sign in measures:
        rows = np.flatnonzero(poor)
        if len(rows) > USUAL * len(survey):
            notes.append(
                f"{TITLES[kind].title}: {len(rows):,} of {counted(len(survey), 'photo')}; that is what the "
                "data is like, and they are not named."
            )
            continue
        for row in rows[np.argsort(sign * values[rows], kind="stable")].tolist():
            findings.append(_finding(kind, survey, row, float(values[row])))
    return findings, notes


def _finding(
    kind: Kind, survey: Survey, row: int, score: float, suggestion: str = "", decision: Decision = "keep"
) -> Finding:
    split, _, index = survey.place(row)
    label = survey.dataset.labels[int(survey.classes[row])]
    return Finding(kind, (split, index), label, score, suggestion, decision)


def _copy(kind: Kind, survey: Survey, row: int, other: int, score: float) -> Finding:
    split, _, index = survey.place(row)
    kept, _, kept_index = survey.place(other)
    decision = "exclude" if kind == "duplicate" or (kind == "leak" and split == TRAIN) else "keep"
    label = survey.dataset.labels[int(survey.classes[row])]
    return Finding(kind, (split, index), label, score, "", decision, (kept, kept_index))
