"""Near-duplicates: photos that are there twice, the second re-encoded, scaled, cropped or mirrored, perhaps.

Feature vectors say which photos to compare, each with its nearest few; they alone cannot tell a copy from
another photo of the same kind. Fingerprints do: one photo's whole is laid over parts of the other's, also
mirrored; over all parts coarsely, then closely around the best one. There only fine detail counts: photos of
two daisies may share their layout, but only copies share the edges of every petal.
"""

import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import ArgumentError
from ..images.fingerprint import SIDE
from .nearest import Indices, Vectors, nearest_in_parts

Fingerprints = NDArray[np.uint8]
Array = NDArray[np.float32]

NEIGHBOURS = 10  # of each photo that are compared with it: of 600 planted copies, none was behind the second
SIMILAR = 0.6  # cosine of vectors below which photos are not compared: the least of these copies had 0.72
COARSE, FINE = 16, 32  # pixels a side of what is compared
LENGTHS = (1.0, 0.95, 0.9, 0.85, 0.8)  # parts of a side that a crop may have left
OFFSET = 0.03  # at most between two places where a part may begin, of the side
WORTHWHILE = 0.8  # coarse correlation below which two photos are not compared closely
STEPS = (0.03, 0.015, 0.0075)  # of the side, by which the ends of a part are moved in the close comparison
ROUNDS = 2  # with each step, over both axes
QUICK = 300_000  # photos that are compared with each other within an hour or so, on two cores
SAME = 0.8  # correlation of fine detail from which two photos count as one
FAINT = 8.0  # length of an array of levels below which it holds no detail but noise


@dataclass(frozen=True)
class Pair:
    """Two photos by their indices, `first` < `second`, that are one photo.

    `score`: the correlation of their fine detail, from `SAME` to 1. `mirrored`: one is the other's mirror
    image.
    """

    first: int
    second: int
    score: float
    mirrored: bool


@dataclass(frozen=True)
class Group:
    """Photos that are copies of each other, by their indices, ascending.

    `scores`: of each the highest score of its pairs.
    """

    indices: tuple[int, ...]
    scores: tuple[float, ...]


def near_duplicates(vectors: Vectors, fingerprints: Fingerprints) -> list[Group]:
    """The groups of copies among photos, in the order of their first photos.

    `vectors`: float32 [photos, features] of one module; `fingerprints`: uint8 [photos, SIDE, SIDE], of
    `images.fingerprint`. Raises `ArgumentError` for arrays of other shapes, or numbers that are not finite.
    """
    return groups(duplicate_pairs(vectors, fingerprints))


def duplicate_pairs(
    vectors: Vectors,
    fingerprints: Fingerprints,
    *,
    on_progress: Callable[[int, int], object] = lambda done, total: None,
) -> list[Pair]:
    """The pairs of copies among photos, by their indices; arguments and errors as of `near_duplicates`.

    A photo is compared with its `NEIGHBOURS` nearest, so not every pair of a large group is there, but a
    chain of pairs between any two of it. `on_progress`: is told how many photos were compared and how
    many there are.
    """
    count = len(vectors)
    if fingerprints.shape != (count, SIDE, SIDE) or fingerprints.dtype != np.uint8:
        raise ArgumentError(
            f"{count} vectors have fingerprints {fingerprints.dtype} {list(fingerprints.shape)}; give uint8 "
            f"{[count, SIDE, SIDE]}."
        )
    partners = _partners(vectors)
    likely: dict[tuple[int, int], _Overlay] = {}
    for index in range(count):
        if len(partners[index]):
            for overlay in _overlays(index, partners[index].tolist(), fingerprints):
                pair = (min(overlay.whole, overlay.part), max(overlay.whole, overlay.part))
                if pair not in likely or likely[pair].score < overlay.score:
                    likely[pair] = overlay
        on_progress(index + 1, count)
    pairs = []
    for (first, second), overlay in sorted(likely.items()):
        score = _closely(overlay, fingerprints)
        if score >= SAME:
            pairs.append(Pair(first, second, score, overlay.mirrored))
    return pairs


def groups(pairs: Iterable[Pair]) -> list[Group]:
    """The groups that `pairs` make, each of photos between which there is a chain of them."""
    parents: dict[int, int] = {}
    scores: dict[int, float] = {}

    def root(index: int) -> int:
        while parents.setdefault(index, index) != index:
            parents[index] = index = parents[parents[index]]
        return index

    for pair in pairs:
        parents[max(root(pair.first), root(pair.second))] = min(root(pair.first), root(pair.second))
        for index in (pair.first, pair.second):
            scores[index] = max(scores.get(index, 0.0), pair.score)
    members: defaultdict[int, list[int]] = defaultdict(list)
    for index in sorted(parents):
        members[root(index)].append(index)
    return [Group(tuple(each), tuple(scores[index] for index in each)) for each in members.values()]


def _partners(vectors: Vectors) -> list[Indices]:
    """Of each photo those to compare it with: each is among the partners of the other."""
    count, start = len(vectors), 0
    codes = [np.empty(0, np.int64)]  # a number for each pair: a million photos have millions of them
    for indices, similarities in _neighbours(vectors):
        rows, columns = np.nonzero(similarities >= SIMILAR)
        others, rows = indices[rows, columns], rows + start
        codes.append((np.minimum(rows, others) * count + np.maximum(rows, others))[rows != others])
        start += len(indices)
    first, second = np.divmod(np.unique(np.concatenate(codes)), max(count, 1))
    one, other = np.concatenate([first, second]), np.concatenate([second, first])
    order = np.lexsort((other, one))
    return np.split(other[order], np.searchsorted(one[order], np.arange(1, count))) if count else []


def _neighbours(vectors: Vectors) -> Iterator[tuple[Indices, Vectors]]:
    if len(vectors) > QUICK:
        warnings.warn(
            f"Comparing {len(vectors):,} photos with each other takes hours; a part of them takes less.",
            stacklevel=2,
        )
    return nearest_in_parts(vectors, vectors, NEIGHBOURS + 1)


@dataclass(frozen=True)
class _Overlay:
    """The whole of a photo laid over a part of another: `rows` and `columns`, (start, end) in [0, 1]."""

    whole: int
    part: int
    mirrored: bool
    rows: Array
    columns: Array
    score: float


def _overlays(part: int, wholes: list[int], fingerprints: Fingerprints) -> list[_Overlay]:
    """The best coarse overlay of each of `wholes` over `part`, where it is worthwhile."""
    small = _means(fingerprints[wholes], COARSE)
    shapes = np.concatenate([small, small[:, :, ::-1]]).reshape(2 * len(wholes), -1)
    cut = (_GRID_MATRIX @ fingerprints[part].astype(np.float32) @ _GRID_MATRIX.T).reshape(
        len(_GRID), COARSE, len(_GRID), COARSE
    )
    parts = cut.transpose(0, 2, 1, 3).reshape(len(_GRID) ** 2, -1)
    correlations = _normed(parts) @ _normed(shapes).T
    best = correlations.argmax(axis=0)
    overlays = []
    for position, place in enumerate(best):
        score = float(correlations[place, position])
        if score >= WORTHWHILE or np.array_equal(
            fingerprints[part], fingerprints[wholes[position % len(wholes)]]
        ):
            mirrored, which = divmod(position, len(wholes))
            rows, columns = divmod(int(place), len(_GRID))
            overlays.append(_Overlay(wholes[which], part, bool(mirrored), _GRID[rows], _GRID[columns], score))
    return overlays


def _closely(overlay: _Overlay, fingerprints: Fingerprints) -> float:
    """The correlation of the photos' fine detail where they match best; 1 where they are equal."""
    if np.array_equal(fingerprints[overlay.whole], fingerprints[overlay.part]):
        return 1.0
    whole = _means(fingerprints[overlay.whole][None], FINE)
    shape = _normed(_detail(whole[:, :, ::-1] if overlay.mirrored else whole).reshape(1, -1))[0]
    picture = fingerprints[overlay.part].astype(np.float32)
    ends = [overlay.rows, overlay.columns]
    score = -1.0
    for step in STEPS:
        for axis in (0, 1) * ROUNDS:
            tried = np.clip(ends[axis] + step * _MOVES, 0, 1).astype(np.float32)
            moving = picture if axis == 0 else picture.T
            other = moving @ _sampling(ends[1 - axis][None], FINE)[0].T
            parts = _sampling(tried, FINE) @ other
            upright = parts if axis == 0 else parts.transpose(0, 2, 1)
            correlations = _normed(_detail(upright).reshape(len(tried), -1)) @ shape
            best = int(correlations.argmax())
            ends[axis], score = tried[best], float(correlations[best])
    return min(score, 1.0)  # rounding may give more


def _means(pictures: Fingerprints, side: int) -> Array:
    """`pictures` [n, SIDE, SIDE] as float32 [n, side, side], of means."""
    factor = SIDE // side
    return pictures.reshape(-1, side, factor, side, factor).mean(axis=(2, 4), dtype=np.float32)


def _sampling(parts: Array, side: int) -> Array:
    """What makes means of the `parts` [n, 2] of a side of `SIDE` pixels: float32 [n, side, SIDE]."""
    edges = SIDE * (parts[:, :1] + np.arange(side + 1) / side * (parts[:, 1:] - parts[:, :1]))
    pixels = np.arange(SIDE)
    covered = np.minimum(edges[:, 1:, None], pixels + 1) - np.maximum(edges[:, :-1, None], pixels)
    covered = np.maximum(covered, 0).astype(np.float32)
    return covered / np.maximum(covered.sum(axis=2, keepdims=True), 1e-6)


def _detail(pictures: Array) -> Array:
    """`pictures` [n, height, width] less the mean of the 3 x 3 pixels around each."""
    padded = np.pad(pictures, ((0, 0), (1, 1), (1, 1)), mode="edge")
    rows = padded[:, :-2] + padded[:, 1:-1] + padded[:, 2:]
    means = (rows[:, :, :-2] + rows[:, :, 1:-1] + rows[:, :, 2:]) / 9
    return (pictures - means).astype(np.float32)


def _normed(arrays: Array) -> Array:
    """`arrays` [n, values] with mean 0 and length 1, so that products are correlations; shorter if faint."""
    centred = arrays - arrays.mean(axis=1, keepdims=True)
    return centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), FAINT)


def _grid() -> Array:
    """The parts of a side that the coarse comparison tries, float32 [n, 2]."""
    parts = []
    for length in LENGTHS:
        places = 1 + int(np.ceil((1 - length) / OFFSET))
        parts += [(start, start + length) for start in np.linspace(0, 1 - length, places)]
    return np.array(parts, np.float32)


_GRID = _grid()
_GRID_MATRIX = _sampling(_GRID, COARSE).reshape(-1, SIDE)  # float32 [parts * COARSE, SIDE]
_MOVES = np.array([(start, end) for start in (-1, 0, 1) for end in (-1, 0, 1)], np.float32)
