"""The nearest of very many vectors by a graph of neighbours (HNSW), which usearch builds and walks.

To build it takes milliseconds a vector, so that it pays only where the queries are very many too, as for
near-duplicates of a large collection; and it misses some of the nearest. `docs/similar.md` has the figures.
"""

from collections.abc import Iterator

import numpy as np

from .nearest import QUERIES_AT_ONCE, Indices, Vectors, check_finite

WORTHWHILE = 10**11  # products of a query and a vector from which a graph is faster: some 300,000 photos
AHEAD = 16  # nearest that are found by halved precision beyond those asked for, to be compared exactly


def is_available() -> bool:
    """Whether usearch is installed."""
    from importlib.util import find_spec

    return find_spec("usearch") is not None


def nearest_by_graph(queries: Vectors, vectors: Vectors, top: int) -> Iterator[tuple[Indices, Vectors]]:
    """As `nearest_in_parts`, though some of the nearest may be missing.

    The graph is in memory: some 2.5 kB a vector of 1,024 numbers.
    """
    from usearch.index import Index

    check_finite(vectors)
    index = Index(ndim=vectors.shape[1], metric="cos", dtype="f16")
    for start in range(0, len(vectors), QUERIES_AT_ONCE):
        some = np.ascontiguousarray(vectors[start : start + QUERIES_AT_ONCE], np.float32)
        index.add(np.arange(start, start + len(some)), some)
    top = min(top, len(vectors))
    for start in range(0, len(queries), QUERIES_AT_ONCE):
        some = np.ascontiguousarray(queries[start : start + QUERIES_AT_ONCE], np.float32)
        found = index.search(some, min(top + AHEAD, len(vectors)))
        keys = np.asarray(found.keys).reshape(len(some), -1).astype(np.int64)
        similarities = _cosines(some, vectors, keys)
        best = np.argsort(-similarities, axis=1, kind="stable")[:, :top]
        yield np.take_along_axis(keys, best, 1), np.take_along_axis(similarities, best, 1)


def _cosines(queries: Vectors, vectors: Vectors, keys: Indices) -> Vectors:
    """Of each query and the vectors of its row of `keys`, exactly."""
    similarities = np.empty(keys.shape, np.float32)
    for row, (query, some) in enumerate(zip(queries, keys, strict=True)):
        candidates = vectors[some]
        lengths = np.linalg.norm(candidates, axis=1) * np.linalg.norm(query)
        similarities[row] = candidates @ query / np.maximum(lengths, 1e-30)
    return np.clip(similarities, -1, 1)
