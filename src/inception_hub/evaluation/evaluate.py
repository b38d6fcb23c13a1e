"""The evaluation of a module, or of two compared, on a labelled data set: figures and a report."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ..data import TRAIN, Dataset, Split, open_dataset
from ..engines import EngineName, PrecisionChoice
from ..images.presets import Preset
from ..module import Module, ModuleLike, as_module
from ..system.atomic import atomic_file
from ..system.home import at_home
from ..system.outputs import as_output_error, claimed, refuse_existing
from ..system.text import first_few
from . import Comparison, Evaluation, compare, match_labels, measurement


@dataclass(frozen=True, eq=False)
class EvaluationResult:
    """The evaluations of one module or two, in the order given, and how the second compares to the first.

    `comparison`: None for one module. `photos`: how many the split has. `unreadable`: `name: reason` of each
    photo that was left out. `notes`: what else is not measured, in sentences. `page`: makes the report, a
    self-contained HTML page.
    """

    evaluations: tuple[Evaluation, ...]
    comparison: Comparison | None
    photos: int
    unreadable: tuple[str, ...]
    notes: tuple[str, ...]
    page: Callable[[], str] = field(repr=False)

    def summary(self) -> dict[str, Any]:
        """JSON-ready figures: of one module as they are, of two as `modules` and `comparison`."""
        if self.comparison is None:
            return self.evaluations[0].summary()
        modules = [evaluation.summary() for evaluation in self.evaluations]
        return {"modules": modules, "comparison": asdict(self.comparison)}


def evaluate(
    module: ModuleLike,
    data: str | os.PathLike[str],
    *,
    split: str | None = None,
    against: ModuleLike | None = None,
    report: str | os.PathLike[str] | None = None,
    resize: Preset | None = None,
    engine: EngineName | None = None,
    precision: PrecisionChoice = "f32",
    device: str | None = None,
    load: Callable[[ModuleLike], Module] | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> EvaluationResult:
    """Evaluates `module` on the labelled photos of `data` (see `open_dataset`).

    `split`: None is the test split, else validation, else all photos. `against`: another module, compared
    photo by photo. `report`: a self-contained HTML page to write, which must not exist. `resize`: how photos
    become the module's size; None is each module's own way. `engine`, `precision`, `device`: as of `Module`,
    for modules that are not made yet; `load` makes them, if given. They are made, and `on_progress` is called
    with the photos done and in all, for one module after the other. Photos that cannot be read are left out.

    Raises `OutputError` if `report` exists or cannot be written, `ArgumentError` for a split that the data
    does not have, for classes that a module does not have, and if no photo can be read; and what
    `open_dataset` and `load` raise.
    """
    page = None if report is None else Path(at_home(report))
    load = load or partial(as_module, engine=engine, precision=precision, device=device)
    with new_page(page):
        result = _measured(module, data, split, against, resize, load, on_progress)
        if page is not None:
            write_page(result, page)
    return result


def _measured(
    module: ModuleLike,
    data: str | os.PathLike[str],
    split: str | None,
    against: ModuleLike | None,
    resize: Preset | None,
    load: Callable[[ModuleLike], Module],
    on_progress: Callable[[int, int], None] | None,
) -> EvaluationResult:
    given = at_home(data)
    dataset = open_dataset(given if isinstance(data, str) else Path(given), to_train=False)
    name, photos = measurement.pick_split(dataset, split)
    unreadable: list[str] = []
    evaluations: list[Evaluation] = []
    # Both before either is measured: one that cannot be loaded is refused at once.
    for loaded in [load(each) for each in ((module,) if against is None else (module, against))]:
        evaluations.append(
            measurement.evaluate_split(
                loaded,
                photos,
                dataset.labels,
                dataset.name if measurement.is_whole(dataset) else f"{dataset.name} {name}",
                preset=resize,
                on_error=(lambda message: None) if evaluations else unreadable.append,
                on_progress=on_progress or (lambda done, total: None),
            )
        )
    comparison = None if against is None else compare(evaluations[0], evaluations[1])
    notes = (*dataset.notes, *_lost(dataset, photos, evaluations[0]))
    left_out = [*notes, *(f"Left out: {message}" for message in unreadable)]
    return EvaluationResult(
        tuple(evaluations),
        comparison,
        len(photos),
        tuple(unreadable),
        notes,
        lambda: measurement.page(evaluations, comparison, photos, _counts(dataset, evaluations[0]), left_out),
    )


def _lost(dataset: Dataset, photos: Split, evaluation: Evaluation) -> list[str]:
    """A note of the classes of which no photo could be read."""
    indices = match_labels(evaluation.labels, dataset.labels)[np.unique(photos.classes)]
    lost = [evaluation.labels[index] for index in np.setdiff1d(indices, evaluation.classes)]
    return [f"No photo of {first_few(lost)} can be read."] if lost else []


def _counts(dataset: Dataset, evaluation: Evaluation) -> dict[str, dict[str, int]]:
    """The photos by split and class, the classes by their names in the module: data may have WordNet ids."""
    indices = match_labels(evaluation.labels, dataset.labels)
    names = tuple(evaluation.labels[index] for index in indices)
    counts = replace(dataset, labels=replace(dataset.labels, names=names)).counts()
    return {"images": counts[TRAIN]} if measurement.is_whole(dataset) else counts


@contextmanager
def new_page(path: Path | None) -> Iterator[None]:
    """Keeps the name `path` for a report that the block measures and writes; None keeps none.

    Raises `OutputError`, before all is measured, if `path` exists, nothing can be written beside it, or
    another process is about to write it.
    """
    if path is None:
        yield
        return
    refuse_existing(path)
    with claimed(path):
        yield


def write_page(result: EvaluationResult, path: Path) -> None:
    """Writes the report of `result` to `path`, whole or not at all; raises `OutputError`."""
    refuse_existing(path)
    with as_output_error(path), atomic_file(path) as temporary:
        temporary.write_bytes(result.page().encode())
