"""`inspect`: what is wrong with labelled photos, as findings, a page and a file of decisions."""

import os
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from ..data import Dataset, open_dataset
from ..engines import EngineName, PrecisionChoice
from ..images.presets import Preset, checked_preset
from ..module import Module, ModuleLike, as_module
from ..similarity.duplicates import duplicate_pairs, groups
from ..system.atomic import atomic_file
from ..system.home import at_home
from ..system.outputs import as_output_error, claimed, refuse_existing, refuse_shared
from ..system.text import counted, encoded, first_few
from .cross_validation import FOLDS
from .decisions import write_decisions
from .findings import Finding, copies, labels, qualities, unreadable
from .kinds import KINDS, Kind
from .label_errors import MOST_CLASSES, Verdicts, judge_labels
from .page import Inspected, render
from .survey import Survey, survey

Given = str | os.PathLike[str]
Progress = Callable[[str, int, int], object]  # what is done, how many are, of how many


@dataclass(frozen=True, eq=False)
class InspectionResult:
    """The findings about labelled photos.

    `data`, `module`: their names. `photos`: how many the data has. `findings`: by kind, in each the most
    striking first. `confused`: pairs of classes that the features cannot tell apart, by name, with how many
    photos are given the other one's and how many both have. `accuracy`: share of photos of which the
    cross-validated head finds the label; None where it could not be trained. `notes`: what was not looked at
    or not named, in sentences. `page`: makes the report, a self-contained HTML page.
    """

    data: str
    module: str
    photos: int
    findings: tuple[Finding, ...]
    confused: tuple[tuple[str, str, int, int], ...]
    accuracy: float | None
    notes: tuple[str, ...]
    page: Callable[[], str] = field(repr=False)

    def counts(self) -> dict[Kind, int]:
        """How many findings there are of each kind; 0 included."""
        numbers = Counter(each.kind for each in self.findings)
        return {kind: numbers[kind] for kind in KINDS}

    def summary(self) -> dict[str, Any]:
        """JSON-ready figures."""
        return {
            "data": self.data,
            "module": self.module,
            "photos": self.photos,
            "findings": self.counts(),
            "proposed_to_exclude": self.excluded,
            "confused": [dict(zip(("class", "other", "photos", "of"), each, strict=True))
                         for each in self.confused],
            "accuracy": self.accuracy,
            "notes": list(self.notes),
        }  # fmt: skip

    @property
    def excluded(self) -> int:
        """How many photos are proposed to be left out."""
        return len({each.photo for each in self.findings if each.decision == "exclude"})


def inspect(
    data: Given,
    module: ModuleLike | None = None,
    *,
    validation: Given | None = None,
    report: Given | None = None,
    decisions: Given | None = None,
    resize: Preset | None = None,
    engine: EngineName | None = None,
    precision: PrecisionChoice = "f32",
    device: str | None = None,
    load: Callable[[ModuleLike | None], Module] | None = None,
    on_progress: Progress | None = None,
) -> InspectionResult:
    """Looks for what is wrong with the labelled photos of `data` (see `open_dataset`); changes nothing there.

    Finds copies within and across splits, likely wrong labels, outliers, photos that cannot be read, are
    dark, blurred, tiny, odd-shaped or without colour, and classes that features cannot tell apart. `module`:
    as of `classify`; its feature vectors tell photos apart. `validation`: photos in place of the data's own
    validation split. `report`: a self-contained HTML page to write; `decisions`: a CSV file with a line for
    each finding, to edit and give to `finetune`; neither must exist. `resize`: how photos become the module's
    size; None is its own way. `engine`, `precision`, `device`: as of `Module`, for a module that is not made
    yet; `load` makes it, if given. `on_progress` is called with what is done, how many are and of how many.

    Raises `OutputError` if `report` or `decisions` exists or cannot be written, `ArgumentError` if no photo
    can be read, and what `open_dataset` and `load` raise.
    """
    outputs = [None if path is None else Path(at_home(path)) for path in (report, decisions)]
    preset = checked_preset(resize)
    refuse_shared(dict(zip(("report", "decisions"), outputs, strict=True)))
    with ExitStack() as names:
        for path in filter(None, outputs):
            refuse_existing(path)
            names.enter_context(claimed(path))
        given = at_home(data)
        dataset = open_dataset(
            given if isinstance(data, str) else Path(given),
            None if validation is None else at_home(validation),
            to_train=False,
        )
        make = load or partial(as_module, engine=engine, precision=precision, device=device)
        page, table = outputs
        result = _inspected(dataset, make(module), preset, table, on_progress or (lambda *_: None))
        if table is not None:
            _write_decisions(table, dataset, result)
        if page is not None:
            with as_output_error(page), atomic_file(page) as temporary:
                temporary.write_bytes(encoded(result.page()))
    return result


def _inspected(
    dataset: Dataset, module: Module, preset: Preset | None, decisions: Path | None, on_progress: Progress
) -> InspectionResult:
    seen = survey(dataset, module, preset, partial(on_progress, "looking"))
    pairs = duplicate_pairs(seen.vectors, seen.fingerprints, on_progress=partial(on_progress, "comparing"))
    verdicts = judge_labels(seen.vectors, seen.classes)
    poor, notes = qualities(seen)
    wrong = labels(seen, verdicts) if verdicts else ()
    findings = (*copies(seen, groups(pairs)), *unreadable(seen), *poor, *wrong)
    findings = tuple(sorted(findings, key=lambda each: KINDS.index(each.kind)))
    notes = [*dataset.notes, *_not_judged(seen, verdicts), *notes]
    confused = verdicts.confusions if verdicts else ()
    names = dataset.labels
    result = InspectionResult(
        data=dataset.name,
        module=module.spec.bundle.name,
        photos=sum(map(len, dataset.splits.values())),
        findings=findings,
        confused=tuple((names[c.first], names[c.second], c.photos, c.total) for c in confused),
        accuracy=verdicts.accuracy if verdicts else None,
        notes=tuple(notes),
        page=lambda: render(Inspected(dataset, result.module, findings, result.confused, result.accuracy,
                                      result.excluded, result.notes, decisions)),
    )  # fmt: skip
    return result


def _not_judged(seen: Survey, verdicts: Verdicts | None) -> list[str]:
    """Notes of labels that the cross-validated head could not judge."""
    names = seen.dataset.labels
    if verdicts is None:
        classes = len(set(seen.classes.tolist()))
        return [
            f"Labels are not judged: that takes 2 to {MOST_CLASSES:,} classes of {FOLDS} readable photos or "
            f"more each, and there are {counted(classes, 'class', 'classes')} of "
            f"{counted(len(seen), 'photo')}."
        ]
    few = sorted(set(seen.classes[~verdicts.judged].tolist()))
    if not few:
        return []
    which = first_few([names[each] for each in few])
    return [f"Labels of classes with fewer than {FOLDS} readable photos are not judged: {which}."]


def _write_decisions(path: Path, dataset: Dataset, result: InspectionResult) -> None:
    with as_output_error(path), atomic_file(path) as temporary:
        with temporary.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
            write_decisions(file, dataset, result.findings)
