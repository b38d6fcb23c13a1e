"""Writes the rows, and the gallery, of a run over photos."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ArgumentError
from ..images.heatmaps import Heatmap, heatmap
from ..images.presets import visible_fractions
from ..inference.decoding import Photo
from ..inference.options import Options
from ..inference.pipeline import Result, infer
from ..module import Module
from ..system.outputs import refuse_shared
from .choices import AnyFormat
from .gallery import Gallery
from .resume import Done
from .settings import NO_SETTINGS, settings_of
from .writers import open_writer

LISTED = 100  # errors kept to be listed at the end of a run
WAITING = 32  # errors at the beginning of a run that wait for a row that is none
HEATMAPS = 20  # of a photo, on the gallery


@dataclass(frozen=True)
class Target:
    """Where the rows of a run go.

    `path`: a new file, None is standard output. `resume`: continue the file of an interrupted run. `gallery`:
    also an HTML page of the photos, with heatmaps where the run computes feature maps.
    """

    format: AnyFormat
    path: Path | None = None
    resume: bool = False
    gallery: Path | None = None


@dataclass
class Summary:
    """Counts of a run's rows: all of them, those that are errors, and the first `LISTED` errors.

    `resumed`: those among them that an interrupted run had written.
    """

    rows: int = 0
    failed: int = 0
    errors: list[str] = field(default_factory=list)
    resumed: int = 0

    def add(self, error: str | None) -> None:
        """Counts a row by its error, None where it has none."""
        self.rows += 1
        if error is not None:
            self.failed += 1
            self.errors += [error] if len(self.errors) < LISTED else []


class Stopped(Exception):
    """The run was asked to stop and photos were left; what was written is whole."""

    def __init__(self, summary: Summary) -> None:
        super().__init__("The run was stopped.")
        self.summary = summary


def write_rows(
    module: Module,
    paths: Iterator[str],
    options: Options,
    target: Target,
    *,
    open_photo: Callable[[str], Any] = lambda path: path,
    stopped: Callable[[], bool] = lambda: False,
    on_begin: Callable[[int], object] = lambda rows: None,
    on_result: Callable[[], object] = lambda: None,
    on_row: Callable[[], object] = lambda: None,
) -> Summary:
    """Computes a row for each of `paths` and writes it as soon as it is there.

    `open_photo` gives what to decode for a path, None if the run was stopped while it waited for that. Once
    `stopped` says so no further photo is begun; those under way are written. `on_begin` is called
    before the first photo, once nothing of the target can be refused any more, with the number of rows that
    an interrupted run had written; `on_result` once, before the first row that is no error; `on_row` for
    every row written. Where a run begins with errors, the first few wait for a row that is none.

    Raises `Stopped` if photos were left, `OutputError` where the target cannot be written, exists, or holds
    rows of another module or settings, `ArgumentError` for a gallery that cannot be, else what `infer` does.
    """
    if target.resume and target.gallery:
        raise ArgumentError("--gallery shows the photos of one whole run; give it without --resume.")
    refuse_shared({"--output": target.path, "--gallery": target.gallery})
    list(infer(module, (), options))  # refuses what the module cannot compute
    name = module.spec.bundle.name
    length = options.top if options.kind == "predictions" else module.architecture.num_features
    summary = Summary()
    with ExitStack() as stack:
        writer = stack.enter_context(
            open_writer(
                target.format,
                options.kind,
                target.path,
                length,
                sets=options.coverage is not None,
                resume=target.resume,
                settings=settings_of(module, options) if target.path else NO_SETTINGS,
            )
        )
        summary.rows = summary.resumed = len(writer.done)
        summary.failed = writer.done.errors
        page = None
        if target.gallery:
            page = stack.enter_context(Gallery(target.gallery, name, _most_heatmaps(options)))

        on_begin(len(writer.done))
        photos = _Photos(paths, writer.done, open_photo, stopped)
        results = infer(module, photos, replace(options, thumbnails=page is not None))
        for result in _told(results, on_result):
            writer.write(result.row)
            if page:
                page.add(result.row, result.thumbnail, heatmaps(module, result, options))
            summary.add(result.row.error)
            on_row()
        if photos.left:
            raise Stopped(summary)
    return summary


def _most_heatmaps(options: Options) -> int:
    """How many heatmaps a photo may have on the gallery."""
    if not options.feature_maps:
        return 0
    return HEATMAPS if options.coverage is not None else min(options.top, HEATMAPS)


def _told(results: Iterable[Result], on_result: Callable[[], object]) -> Iterator[Result]:
    """`results`; `on_result` is called before the first, unless they are all errors, `WAITING` or fewer."""
    waiting: list[Result] = []
    remaining = iter(results)
    for result in remaining:
        waiting.append(result)
        if result.row.error is None or len(waiting) > WAITING:
            on_result()
            break
    yield from waiting
    yield from remaining


class _Photos:
    """The photos of a run without their row; `left`: whether it was stopped before all were taken."""

    def __init__(
        self, paths: Iterator[str], done: Done, open_photo: Callable[[str], Any], stopped: Callable[[], bool]
    ) -> None:
        self._paths, self._done, self._open, self._stopped = paths, done, open_photo, stopped
        self.left = False

    def __iter__(self) -> Iterator[Photo]:
        for path in self._paths:
            source = None
            if not self._stopped():
                if self._done.take(path):
                    continue
                source = self._open(path)
            if source is None:
                self.left = True
                return
            yield Photo(path, source)


def heatmaps(module: Module, result: Result, options: Options) -> list[Heatmap]:
    """A heatmap of the thumbnail's size for each of the first predictions."""
    if result.feature_map is None or result.thumbnail is None or not result.row.predictions:
        return []
    from ..inference.activation_maps import activation_maps

    height, width = result.thumbnail.shape[:2]
    classes = [prediction.index for prediction in result.row.predictions[:HEATMAPS]]
    maps = activation_maps(module, result.feature_map, classes)
    if not np.isfinite(maps).all():  # at that size; the row's own numbers are
        return []
    visible = visible_fractions(options.resize or module.resize, (height, width), module.image_size)
    return [heatmap(each, width, height, visible) for each in maps]
