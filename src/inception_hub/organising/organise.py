"""`organise`: photos copied, linked or moved into a folder for each class.

The journal in the folder (see `journal`) makes it exact: the same call continues a run that was interrupted
or killed, and `undo_organise` takes back whatever was done.
"""

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import get_args

from ..engines import EngineName, PrecisionChoice
from ..errors import ArgumentError, InputError
from ..images.find import find_images
from ..images.given import as_many
from ..images.photo_file import MAX_PIXELS
from ..images.presets import Preset, checked_preset
from ..inference.options import Options
from ..inference.pipeline import infer
from ..module import ModuleLike, as_module
from ..output.settings import settings_of
from ..system.home import at_home
from ..system.numbers import is_number
from .choices import LEAST, How
from .journal import Journal
from .placer import Placed, Placer, Plan, Summary

Given = str | os.PathLike[str]


def organise(
    images: Given | Iterable[Given],
    into: Given,
    module: ModuleLike | None = None,
    *,
    how: How = "copy",
    least: float = LEAST,
    dry_run: bool = False,
    xmp: bool = False,
    resize: Preset | None = None,
    max_pixels: int = MAX_PIXELS,
    engine: EngineName | None = None,
    precision: PrecisionChoice = "f32",
    device: str | None = None,
    on_photo: Callable[[Placed], object] | None = None,
    stopped: Callable[[], bool] | None = None,
) -> Summary:
    """Puts photos into a folder below `into` for the class that `module` finds most likely.

    `images`: paths, folders or globs; what lies below `into` is passed over. Photos whose best class is less
    likely than `least`, in [0, 1], go to `unsure`. `how`: `copy`, `link` (symbolic) or `move`. `dry_run`:
    nothing is changed. `xmp`: also a sidecar, `cat.jpg.xmp`, with the classes at least as likely as keywords.
    The other arguments: as of `classify`. `on_photo` is called for each photo; `stopped` ends the run early.

    Nothing is overwritten: a name that is taken gets a number. The same call continues a run that was
    interrupted, and takes new photos in; `undo_organise` takes all back. A photo that cannot be read or
    placed stays where it is.

    Raises `OutputError` if `into` holds anything else, was organised with other settings or is full,
    `ArgumentError` for a value outside its range or a module without classes, `HandleError` for a folder or
    glob without photos.
    """
    if how not in get_args(How):
        raise ArgumentError(f"how is {how!r}; give one of {', '.join(get_args(How))}.")
    if not is_number(least) or not 0 <= least <= 1:
        raise ArgumentError(f"least is {least!r}; give a probability from 0 to 1.")
    loaded = as_module(module, engine=engine, precision=precision, device=device)
    options = Options("predictions", resize=checked_preset(resize), max_pixels=max_pixels)
    list(infer(loaded, (), options))  # refuses what cannot be computed
    summary = Summary()
    folder = at_home(into)
    paths = find_images(_paths(images), summary.unread, without=folder)
    plan = Plan(Path(folder), how, least, xmp, dry_run)
    settings = {**settings_of(loaded, options), "how": how, "least": least, "xmp": xmp}
    with Journal(plan.into, settings, dry=dry_run) as journal:
        placer = Placer(plan, list(loaded.labels), journal, summary)
        for result in infer(loaded, placer.photos(paths, stopped or (lambda: False)), options):
            if (placed := placer.place(result.row)) and on_photo is not None:
                on_photo(placed)
    return summary


def _paths(images: Given | Iterable[Given]) -> list[str]:
    given = list(as_many(images))
    for one in given:
        if not isinstance(one, (str, os.PathLike)):
            raise InputError(f"images holds a {type(one).__name__}; give paths, folders or globs of photos.")
    return [at_home(one) for one in given]
