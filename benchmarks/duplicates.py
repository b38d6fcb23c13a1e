"""Planted copies of photos, and which are found: `python benchmarks/duplicates.py DATA [--page PAGE]`.

DATA: labelled photos as `finetune` reads them, such as TensorFlow's flower_photos; labels are not used.
Copies of 600 photos are planted, of six kinds: encoded again, scaled, cropped, mirrored, cropped and
mirrored, all of that. What is found beside them is there by nature, or false: PAGE shows it, to be looked
at. Beside ours stand the best that one threshold makes of the vectors alone, and of a hash of 64 bits alone,
where what we found counts as right.
"""

import argparse
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

import inception_hub as hub
from inception_hub.data import open_dataset
from inception_hub.images.decode import picture
from inception_hub.inference.options import Options
from inception_hub.similarity.duplicates import NEIGHBOURS, Pair, duplicate_pairs, groups
from inception_hub.similarity.nearest import nearest
from inception_hub.similarity.page import write_duplicates_page
from inception_hub.similarity.rows import DuplicateRow
from inception_hub.similarity.search import collect

KINDS = ("encoded", "scaled", "cropped", "mirrored", "cropped, mirrored", "all")
PLANTED = 600
QUALITIES, SCALES, SIDES = (40, 90), (0.4, 1.6), (0.8, 0.9)  # of JPEG; of each side; left of each side
Planted = dict[tuple[int, int], str]  # kinds by the places of photo and copy


def copy(photo: Image.Image, kind: str, generator: np.random.Generator) -> Image.Image:
    """`photo` as `kind` says, before it is encoded again."""
    if "cropped" in kind or kind == "all":
        width, height = (round(side * generator.uniform(*SIDES)) for side in photo.size)
        left, top = (
            int(generator.integers(0, whole - part + 1))
            for whole, part in zip(photo.size, (width, height), strict=True)
        )
        photo = photo.crop((left, top, left + width, top + height))
    if "mirrored" in kind or kind == "all":
        photo = ImageOps.mirror(photo)
    if kind in ("scaled", "all"):
        scale = generator.uniform(*SCALES)
        width, height = (max(1, round(side * scale)) for side in photo.size)
        photo = photo.resize((width, height), Image.Resampling.LANCZOS)
    return photo


def photos(data: str) -> Iterator[bytes]:
    """The content of every photo of every split."""
    for split in open_dataset(data).splits.values():
        for row in range(len(split)):
            yield split.encoded(row)


def plant(data: str, folder: Path, seed: int) -> dict[str, tuple[str, str]]:
    """Writes photos and copies to `folder`; the names of a copy's photo and its kind, by the copy's name."""
    generator = np.random.default_rng(seed)
    count = 0
    for count, content in enumerate(photos(data), 1):
        (folder / f"{count - 1:06}.jpg").write_bytes(content)  # what it is, its content says
    planted = {}
    for number, chosen in enumerate(generator.permutation(count)[:PLANTED]):
        kind, original = KINDS[number % len(KINDS)], f"{chosen:06}.jpg"
        made = copy(picture(folder / original), kind, generator)
        name = f"copy {number:06}.jpg"
        made.save(folder / name, quality=int(generator.integers(*QUALITIES)))
        planted[name] = (original, kind)
    return planted


def hashes(fingerprints: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """The usual hash of 64 bits: the lowest frequencies of the cosine transform against their median."""
    side = fingerprints.shape[1]
    place, frequency = np.arange(side) + 0.5, np.arange(1, 9)
    basis = np.cos(np.pi / side * frequency[:, None] * place)
    low = (basis @ fingerprints.astype(float) @ basis.T).reshape(len(fingerprints), -1)
    return low > np.median(low, axis=1, keepdims=True)


def best_threshold(
    scores: NDArray[np.floating], right: NDArray[np.bool_], all_right: int
) -> tuple[float, float]:
    """Recall and precision at the threshold of `scores` where the lower of the two is highest."""
    order = np.argsort(-scores)
    hits = np.cumsum(right[order])
    recall, precision = hits / all_right, hits / np.arange(1, len(hits) + 1)
    best = int(np.minimum(recall, precision).argmax())
    return float(recall[best]), float(precision[best])


def alone(vectors: NDArray[np.float32], bits: NDArray[np.bool_], right: set[tuple[int, int]]) -> None:
    """Prints what vectors alone and hashes alone find of the pairs that are `right`."""
    signs = np.where(bits, 1, -1).astype(np.float32)
    for name, arrays in (("vectors alone", vectors), ("a hash of 64 bits alone", signs)):
        indices, similarities = nearest(arrays, arrays, NEIGHBOURS + 1)
        found = {
            (min(one, int(other)), max(one, int(other))): float(similarity)
            for one, (others, values) in enumerate(zip(indices, similarities, strict=True))
            for other, similarity in zip(others, values, strict=True)
            if one != other
        }
        is_right = np.array([pair in right for pair in found])
        recall, precision = best_threshold(np.array(list(found.values())), is_right, len(right))
        print(f"| {name}, best threshold | {recall:.3f} | {precision:.3f} |")


def show(page: Path, pairs: list[Pair], paths: list[str], module: str) -> None:
    rows = []
    for number, group in enumerate(groups(pairs), 1):
        rows += [
            DuplicateRow(paths[index], module, number, score)
            for index, score in zip(group.indices, group.scores, strict=True)
        ]
    write_duplicates_page(page, rows, module, 10**8)
    print(f"\nFound and not planted, to be looked at: {page}")


def main(data: str, page: Path | None, seed: int) -> None:
    module = hub.Module("tiny_imagenet")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        planted_names = plant(data, folder, seed)
        collection = collect(folder, module, Options("vector"))
        places = {Path(path).name: place for place, path in enumerate(collection.paths)}
        planted = {(places[photo], places[copied]): kind for copied, (photo, kind) in planted_names.items()}
        assert collection.fingerprints is not None
        start = time.perf_counter()
        pairs = duplicate_pairs(collection.vectors, collection.fingerprints)
        seconds = time.perf_counter() - start
        report(pairs, planted, len(places), seconds)
        others = [pair for pair in pairs if pair.second < min(place for _, place in planted)]
        alone(
            collection.vectors,
            hashes(collection.fingerprints),
            {(p.first, p.second) for p in pairs} | planted.keys(),
        )
        if page is not None:
            show(page, others, list(collection.paths), "tiny_imagenet")


def report(pairs: list[Pair], planted: Planted, count: int, seconds: float) -> None:
    found = {(pair.first, pair.second) for pair in pairs}
    first_copy = min(place for _, place in planted)
    sources = {copied: photo for photo, copied in planted}
    natural = {pair for pair in found if pair[1] < first_copy}
    # A copy of a photo that has a twin by nature is a copy of the twin, too.
    through = {
        pair
        for pair in found - planted.keys() - natural
        if tuple(sorted(sources.get(i, i) for i in pair)) in natural
    }
    rest = found - planted.keys() - natural - through
    print(f"{count:,} photos, {len(planted)} of them planted; compared in {seconds:.0f} s.\n")
    print("| planted | found |\n|---|---|")
    totals, hits = Counter(planted.values()), Counter(kind for pair, kind in planted.items() if pair in found)
    for kind in KINDS:
        print(f"| {kind} | {hits[kind]} of {totals[kind]} |")
    print(
        f"\nNot planted: {len(natural)} pairs of photos, {len(through)} of their copies, {len(rest)} others."
    )
    right = len(planted.keys() & found)
    strict = right / (right + len(natural) + len(rest))
    print("\n| found by | recall | precision |\n|---|---|---|")
    print(
        f"| vectors and fingerprints, if all that was not planted is false | {right / len(planted):.3f} "
        f"| {strict:.3f} |"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data")
    parser.add_argument("--page", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    main(given.data, given.page, given.seed)
