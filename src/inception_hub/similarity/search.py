"""`similar` and `find_duplicates`: photos that are like a photo, and photos that are there twice."""

import os
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from ..engines import EngineName, PrecisionChoice
from ..errors import ArgumentError, InputError
from ..images.find import Unread, find_images
from ..images.given import as_many, check_paths, named_photos
from ..images.photo_file import MAX_PIXELS
from ..images.presets import Preset, checked_preset
from ..inference.decoding import Photo
from ..inference.options import Options
from ..inference.pipeline import Result, infer
from ..module import Module, ModuleLike, as_module
from ..output.settings import settings_of
from ..system.home import at_home
from ..system.numbers import check_count
from ..system.text import counted, first_few
from .choices import TOP
from .duplicates import duplicate_pairs, groups
from .kept import Collection, renewed
from .nearest import nearest
from .rows import DuplicateRow, Similar, SimilarRow
from .vector_files import is_vector_file, read_vectors

if TYPE_CHECKING:
    from ..images.given import One

Given = str | os.PathLike[str]
QUERIES = 256  # whose vectors are compared together
SPARE = 4  # nearest photos beyond those asked for, in place of the query itself under all of its names


def similar(
    images: "One | Iterable[One]",
    among: Given | Iterable[Given],
    *,
    module: ModuleLike | None = None,
    top: int = TOP,
    resize: Preset | None = None,
    max_pixels: int = MAX_PIXELS,
    engine: EngineName | None = None,
    precision: PrecisionChoice = "f32",
    device: str | None = None,
) -> Iterator[SimilarRow]:
    """The `top` photos of `among` that are most similar to each of `images`, best first, by cosine.

    `images`: photos as `classify` takes them. `among`: folders, globs or photos, or one file of vectors that
    `embed` wrote (`.npy`, `.npz`, Parquet, JSON lines). The vectors of a folder are kept in it, in one hidden
    file, and computed only for photos that changed. A photo is not in its own list. The other arguments: as
    of `classify`.

    A query that cannot be read is a row with its `error`; photos of `among` that cannot be read are left out,
    with a `UserWarning`. Raises `ArgumentError` for a `top` below 1 or no photo to search in, `FormatError`
    for a file of vectors of another module or other settings, `HandleError` for a folder or glob without
    photos.
    """
    check_count("top", top)
    loaded = as_module(module, engine=engine, precision=precision, device=device)
    options = Options("vector", resize=checked_preset(resize), max_pixels=max_pixels)
    check_paths(images)
    collection = collect(among, loaded, options)
    warn_of_failures(collection)
    photos = (Photo(name, source) for name, source in named_photos(images))
    return (row for row, _ in search(photos, collection, loaded, options, top))


def find_duplicates(
    images: Given | Iterable[Given],
    *,
    module: ModuleLike | None = None,
    resize: Preset | None = None,
    max_pixels: int = MAX_PIXELS,
    engine: EngineName | None = None,
    precision: PrecisionChoice = "f32",
    device: str | None = None,
) -> list[DuplicateRow]:
    """The photos of `images`, folders, globs or photos, that are there more than once, by groups.

    Found also where a photo was encoded again, scaled, cropped (to 80% of its sides) or mirrored; a file that
    is given twice, or by a link, is one photo. Rows of a group follow each other; a photo that cannot be read
    is a row with its `error`, after them. Nothing is deleted. Arguments: as of `similar`.

    Raises `HandleError` for a folder or glob without photos, `ArgumentError` for an empty list.
    """
    loaded = as_module(module, engine=engine, precision=precision, device=device)
    options = Options("vector", resize=checked_preset(resize), max_pixels=max_pixels)
    return list(duplicate_rows(collect(images, loaded, options, photos_only=True), loaded))


def collect(
    among: Given | Iterable[Given],
    module: Module,
    options: Options,
    *,
    photos_only: bool = False,
    unread: Unread | None = None,
    stopped: Callable[[], bool] = lambda: False,
    on_photo: Callable[[], object] = lambda: None,
) -> Collection:
    """The photos to search in with their vectors; those of a file of vectors, unless `photos_only`.

    `options`: of kind `vector`. `unread` counts files that are no photos. `stopped` ends the computing early,
    `on_photo` is called for each photo computed. Raises as `similar`.
    """
    given = _paths(among)
    settings = settings_of(module, options)
    if len(given) == 1 and not photos_only and is_vector_file(given[0]):
        return read_vectors(given[0], module, settings)
    features = module.architecture.num_features
    unread = Unread() if unread is None else unread

    def compute(paths: Sequence[str]) -> Iterator[Result]:
        if not paths:
            return
        photos = (Photo(path, path) for path in paths if not stopped())
        for result in infer(module, photos, replace(options, fingerprints=True)):
            on_photo()
            yield result

    folders = [path for path in given if os.path.isdir(path)]
    others = [path for path in given if not os.path.isdir(path)]
    searched = [(folder, list(find_images([folder], unread))) for folder in folders]
    listed = list(dict.fromkeys(find_images(others, unread)))
    parts = [renewed(folder, paths, settings, features, compute) for folder, paths in searched]
    if listed:
        parts.append(renewed(None, listed, settings, features, compute))
    whole = _joined(parts)
    return _once(whole) if photos_only or len(parts) > 1 else whole


def search(
    photos: Iterable[Photo],
    collection: Collection,
    module: Module,
    options: Options,
    top: int,
    thumbnails: bool = False,
) -> Iterator[tuple[SimilarRow, Result]]:
    """A row for each of `photos` in order, and what was computed for it, with `thumbnails` if asked for.

    Raises `ArgumentError` if there is nothing to search in.
    """
    if not len(collection.paths):
        errors = [error for _, error in collection.failures]
        raise ArgumentError(
            f"There is no photo to search in: {first_few(errors)}"
            if errors
            else "There is no photo to search in; give --among photos that can be read, or vectors."
        )
    top = min(top, len(collection.paths))
    results = infer(module, photos, replace(options, thumbnails=thumbnails))
    while some := list(islice(results, QUERIES)):
        vectors = [result.row.vector for result in some if result.row.vector is not None]
        queries = np.array(vectors, np.float32).reshape(-1, module.architecture.num_features)
        indices, similarities = nearest(queries, collection.vectors, top + SPARE)
        place = 0
        for result in some:
            path, name = result.row.path, result.row.module
            if result.row.error is not None:
                yield SimilarRow(path, name, error=result.row.error), result
                continue
            itself = os.path.realpath(path)
            neighbours = (
                Similar(other, float(similarity))
                for other, similarity in zip(
                    map(collection.paths.__getitem__, indices[place]), similarities[place], strict=True
                )
                if os.path.realpath(other) != itself
            )
            yield SimilarRow(path, name, tuple(islice(neighbours, top))), result
            place += 1


def duplicate_rows(
    collection: Collection,
    module: Module,
    on_progress: Callable[[int, int], object] = lambda done, total: None,
) -> Iterator[DuplicateRow]:
    """The rows of the groups in `collection`, then those of photos that cannot be read."""
    assert collection.fingerprints is not None
    name = module.spec.bundle.name
    pairs = duplicate_pairs(collection.vectors, collection.fingerprints, on_progress=on_progress)
    for number, group in enumerate(groups(pairs), 1):
        for index, score in zip(group.indices, group.scores, strict=True):
            yield DuplicateRow(collection.paths[index], name, number, score)
    for path, error in collection.failures:
        yield DuplicateRow(path, name, error=error)


def warn_of_failures(collection: Collection) -> None:
    """Tells of photos to search in that cannot be read, as a `UserWarning`."""
    if collection.failures:
        errors = first_few([error for _, error in collection.failures])
        count = counted(len(collection.failures), "photo is", "photos are")
        warnings.warn(f"{count} not searched in: {errors}", stacklevel=3)


def _once(collection: Collection) -> Collection:
    """`collection` with every file once, under the first of its names: folders may lie in each other.

    A file is no copy of itself: whoever deletes a "copy" under another name deletes the photo.
    """
    first: dict[str, int] = {}
    for index, path in enumerate(collection.paths):
        first.setdefault(os.path.realpath(path), index)
    failures = {os.path.realpath(path): (path, error) for path, error in reversed(collection.failures)}
    kept = list(first.values())
    if len(kept) == len(collection.paths) and len(failures) == len(collection.failures):
        return collection
    return replace(
        collection,
        paths=[collection.paths[index] for index in kept],
        vectors=collection.vectors[kept],
        fingerprints=None if collection.fingerprints is None else collection.fingerprints[kept],
        failures=list(failures.values())[::-1],
    )


def _joined(parts: list[Collection]) -> Collection:
    if len(parts) == 1:
        return parts[0]
    return Collection(
        [path for part in parts for path in part.paths],
        np.concatenate([part.vectors for part in parts]),
        np.concatenate([part.fingerprints for part in parts if part.fingerprints is not None]),
        [failure for part in parts for failure in part.failures],
        any(part.left for part in parts),
    )


def _paths(given: Given | Iterable[Given]) -> list[str]:
    paths = list(as_many(given))
    for one in paths:
        if not isinstance(one, (str, os.PathLike)):
            raise InputError(f"among holds a {type(one).__name__}; give paths, folders or globs of photos.")
    if not paths:
        raise ArgumentError("There is no photo to search in; give paths, folders or globs of photos.")
    return [at_home(one) for one in paths]
