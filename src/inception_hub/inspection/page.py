"""The page of an inspection: findings in groups, with small pictures, counts and thresholds; no scripts."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..data import Dataset
from ..errors import ImageError
from ..images.decode import picture
from ..output.data_uri import jpeg_uri
from ..system.templates import page_template
from ..system.text import encoded
from .findings import Finding
from .kinds import KINDS, TITLES

GENERATOR = "inception-hub inspect"
SHOWN = 24  # findings of a kind that have a picture, or two: some 6 kB each
SHOWN_NAMES = 20  # confused pairs of classes
THUMBNAIL = 192  # px, longest side: sharp on a card of 96 to 192
QUALITY = 78  # JPEG


@dataclass(frozen=True, eq=False)
class Inspected:
    """The content of the page; `decisions`: the file that has all findings, None for none."""

    dataset: Dataset
    module: str
    findings: Sequence[Finding]
    confused: Sequence[tuple[str, str, int, int]]
    accuracy: float | None
    excluded: int
    notes: Sequence[str]
    decisions: Path | None


def render(inspected: Inspected) -> str:
    """The page as HTML that can be encoded as UTF-8."""
    groups = []
    for kind in KINDS:
        of_kind = [each for each in inspected.findings if each.kind == kind]
        if of_kind:
            groups.append(
                {
                    "id": kind.replace(" ", "-"),
                    "title": TITLES[kind].title,
                    "rule": TITLES[kind].rule,
                    "count": len(of_kind),
                    "excluded": sum(each.decision == "exclude" for each in of_kind),
                    "cards": [_card(inspected.dataset, each) for each in of_kind[:SHOWN]],
                }
            )
    page = page_template("inspection.html.j2").render(
        inspected=inspected,
        groups=groups,
        photos=sum(map(len, inspected.dataset.splits.values())),
        splits={name: len(split) for name, split in inspected.dataset.splits.items()},
        clean=[TITLES[kind].title for kind in KINDS if not any(e.kind == kind for e in inspected.findings)],
        confused=inspected.confused[:SHOWN_NAMES],
        generator=GENERATOR,
    )
    return encoded(page).decode()


def _card(dataset: Dataset, finding: Finding) -> dict[str, Any]:
    photos = [finding.photo] if finding.copied is None else [finding.photo, finding.copied]
    pictures = [_picture(dataset, each) for each in photos]
    differ = finding.kind == "leak" and len({each["label"] for each in pictures}) > 1
    verdict = _verdict(finding) + ("; labels differ" if differ else "")
    return {"finding": finding, "verdict": verdict, "pictures": pictures}


def _picture(dataset: Dataset, photo: tuple[str, int]) -> dict[str, Any]:
    """A photo's picture, None where it cannot be read, and what it is called."""
    split = dataset.splits[photo[0]]
    try:
        image = picture(split.encoded(photo[1]), least=THUMBNAIL)
        image.thumbnail((THUMBNAIL, THUMBNAIL))
        uri = jpeg_uri(np.asarray(image), THUMBNAIL, QUALITY)
    except ImageError:
        uri = None
    name = split.within(photo[1])
    label = dataset.labels[int(split.classes[photo[1]])]
    return {"uri": uri, "split": photo[0], "name": name, "label": label}


def _verdict(finding: Finding) -> str:
    """What was found, with its figure."""
    score = finding.score or 0.0
    return {
        "leak": f"copy, {score:.2f}",
        "conflict": f"copy, {score:.2f}",
        "duplicate": f"copy, {score:.2f}",
        "wrong label": f"perhaps {finding.suggestion}; own label {score:.1%}",
        "outlier": f"z-score {score:.1f}",
        "unreadable": finding.suggestion,
        "dark": f"brightness {score:.0%}",
        "blurred": f"variance {score:.1f}",
        "tiny": f"{score:.0f} px",
        "odd shape": f"{score:.1f} to 1",
        "grey": f"difference {score:.1%}",
    }[finding.kind]
