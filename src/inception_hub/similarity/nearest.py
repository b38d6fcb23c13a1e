"""The nearest of many vectors by cosine: exact, by matrix products of parts, within bounded memory."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ..errors import ArgumentError
from ..system.numbers import check_count

Vectors = NDArray[np.float32]
Indices = NDArray[np.int64]

QUERIES_AT_ONCE, VECTORS_AT_ONCE = 512, 16_384  # their product is 32 MiB, and its order four times that
TINY = np.float32(1e-30)  # a length below it is that of a vector of zeros, which is like nothing


def nearest(queries: Vectors, vectors: Vectors, top: int) -> tuple[Indices, Vectors]:
    """The `top` nearest of `vectors` [n, features] to each of `queries` [m, features], best first.

    Indices and cosine similarities in [-1, 1], each [m, min(top, n)]; of equal ones the earlier comes first.
    `vectors` may be mapped from a file: `VECTORS_AT_ONCE` of them are read at a time, and never copied whole.
    Raises `ArgumentError` for arrays that do not fit each other, or hold numbers that are not finite.
    """
    parts = list(nearest_in_parts(queries, vectors, top))
    if not parts:
        shape = 0, min(top, len(vectors))
        return np.empty(shape, np.int64), np.empty(shape, np.float32)
    indices, similarities = zip(*parts, strict=True)
    return np.concatenate(indices), np.concatenate(similarities)


def nearest_in_parts(queries: Vectors, vectors: Vectors, top: int) -> Iterator[tuple[Indices, Vectors]]:
    """As `nearest`, a part for every `QUERIES_AT_ONCE` queries, each as it is computed."""
    if queries.ndim != 2 or vectors.ndim != 2 or queries.shape[1] != vectors.shape[1]:
        raise ArgumentError(
            f"Vectors of {list(queries.shape)} cannot be compared with vectors of {list(vectors.shape)}; "
            "give [photos, features] of one module."
        )
    check_count("top", top)
    inverse = _inverse_lengths(vectors)
    for start in range(0, len(queries), QUERIES_AT_ONCE):
        some = np.asarray(queries[start : start + QUERIES_AT_ONCE], np.float32)
        some = some * _inverse_lengths(some)[:, None]
        yield _nearest_of_all(some, vectors, inverse, top)


def _nearest_of_all(
    queries: Vectors, vectors: Vectors, inverse: Vectors, top: int
) -> tuple[Indices, Vectors]:
    indices = np.empty((len(queries), 0), np.int64)
    similarities = np.empty((len(queries), 0), np.float32)
    for start in range(0, len(vectors), VECTORS_AT_ONCE):
        part = slice(start, start + VECTORS_AT_ONCE)
        products = queries @ vectors[part].T
        products *= inverse[part]
        columns = _largest(products, top)
        indices = np.concatenate([indices, columns + start], axis=1)
        similarities = np.concatenate([similarities, np.take_along_axis(products, columns, 1)], axis=1)
        best = _largest(similarities, top)
        indices = np.take_along_axis(indices, best, 1)
        similarities = np.take_along_axis(similarities, best, 1)
    return indices, np.clip(similarities, -1, 1)


def _largest(values: Vectors, count: int) -> Indices:
    """The columns of the `count` largest values of each row, largest first, of equal ones the first."""
    if count < values.shape[1]:
        columns = np.sort(np.argpartition(-values, count - 1, axis=1)[:, :count], axis=1)
    else:
        columns = np.broadcast_to(np.arange(values.shape[1]), values.shape)
    order = np.argsort(-np.take_along_axis(values, columns, 1), axis=1, kind="stable")
    return np.take_along_axis(columns, order, 1)


def check_finite(vectors: Vectors) -> None:
    """Raises `ArgumentError` for `vectors` that hold numbers that are not finite."""
    _inverse_lengths(vectors)


def _inverse_lengths(vectors: Vectors) -> Vectors:
    """1 / length of each of `vectors`, 0 for zeros. Raises `ArgumentError` for what is not finite."""
    lengths = np.empty(len(vectors), np.float32)
    for start in range(0, len(vectors), VECTORS_AT_ONCE):
        part = np.asarray(vectors[start : start + VECTORS_AT_ONCE], np.float32)
        lengths[start : start + VECTORS_AT_ONCE] = np.sqrt(np.einsum("ij,ij->i", part, part))
    if not np.isfinite(lengths).all():
        raise ArgumentError(
            f"Vector {int(np.argmin(np.isfinite(lengths)))} holds numbers that are not finite; leave it out."
        )
    return np.where(lengths > TINY, 1 / np.maximum(lengths, TINY), 0).astype(np.float32)
