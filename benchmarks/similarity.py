"""How long the nearest vectors take.

`python benchmarks/similarity.py VECTORS [--count N]`: VECTORS is a `.npy` of `embed`'s; of it N vectors,
50,000 by default, are made, each between two of them at random, so that they lie as those of photos do.
"""

import argparse
import os
import time

import numpy as np
from numpy.typing import NDArray

from inception_hub.similarity.nearest import nearest

TOP = 10
QUERIES = 1024


def between(vectors: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """`count` vectors, each between two of `vectors`, with a little noise."""
    generator = np.random.default_rng(0)
    made = np.empty((count, vectors.shape[1]), np.float32)
    for start in range(0, count, 8192):
        part = made[start : start + 8192]
        one, other = (vectors[generator.integers(0, len(vectors), len(part))] for _ in range(2))
        share = generator.random((len(part), 1), np.float32)
        noise = generator.normal(0, 0.005, part.shape).astype(np.float32)
        part[:] = np.maximum(share * one + (1 - share) * other + noise, 0)
    return made


def main(path: str, count: int) -> None:
    some = np.load(path, allow_pickle=False)
    vectors = between(some[np.isfinite(some).all(axis=1)], count)
    queries = vectors[np.random.default_rng(1).permutation(count)[:QUERIES]]
    print(f"{count:,} vectors of {vectors.shape[1]:,} numbers, {os.cpu_count()} cores.\n")
    print("| | seconds |\n|---|---|")
    for number in (1, QUERIES):
        start = time.perf_counter()
        nearest(queries[:number], vectors, TOP)
        print(f"| of {number:,} | {time.perf_counter() - start:.2f} |", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("vectors")
    parser.add_argument("--count", type=int, default=50_000)
    given = parser.parse_args()
    main(given.vectors, given.count)
