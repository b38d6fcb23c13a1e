"""How much of what is wrong with photos `inspect` finds: faults planted in the flower photos, and found.

`.venv/bin/python benchmarks/inspection.py FLOWERS [--module MODULE] [--seed N]`, about two minutes on two
cores. FLOWERS: labelled photos, such as TensorFlow's flower photos. Planted: 5% of the labels replaced by
another class's; of 450 photos a copy, a third each encoded again, cropped to 80% to 90% of each side,
and mirrored. What is found without any planted copy is there by nature: look at it, on the page of `inspect`.
"""

import argparse
import io
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

import inception_hub as hub
from inception_hub.data import Dataset, Split, open_dataset
from inception_hub.images.decode import picture
from inception_hub.inspection.findings import labels
from inception_hub.inspection.label_errors import judge_labels
from inception_hub.inspection.survey import Survey, survey
from inception_hub.similarity.duplicates import duplicate_pairs, near_duplicates

SWAPPED = 0.05  # of the labels
EACH = 150  # copies of each sort
SUSPICIOUS = 0.1  # of the photos, those whose label is least probable
Random = np.random.Generator


class Copies:
    """The photos of a split, and behind them copies of some. Implements `Photos`."""

    def __init__(self, split: Split, made: list[bytes]) -> None:
        self._split, self._made = split, made

    def name(self, row: int) -> str:
        return self._split.name(row) if row < len(self._split) else f"copy {row - len(self._split)}"

    within = name

    def encoded(self, row: int) -> bytes:
        whole = len(self._split)
        return self._split.encoded(row) if row < whole else self._made[row - whole]

    def stamp(self, row: int) -> bytes | None:
        return None


def encoded_again(photo: Image.Image, random: Random) -> Image.Image:
    return photo


def cropped(photo: Image.Image, random: Random) -> Image.Image:
    width, height = (round(side * random.uniform(0.8, 0.9)) for side in photo.size)
    left, top = (int(random.integers(n + 1)) for n in (photo.width - width, photo.height - height))
    return photo.crop((left, top, left + width, top + height))


def mirrored(photo: Image.Image, random: Random) -> Image.Image:
    return ImageOps.mirror(photo)


SORTS: tuple[Callable[[Image.Image, Random], Image.Image], ...] = (encoded_again, cropped, mirrored)


def with_copies(dataset: Dataset, random: Random) -> tuple[Dataset, NDArray[np.int64]]:
    """The data with copies behind the photos of its first split, and the photos that they are of."""
    name, split = next(iter(dataset.splits.items()))
    originals = random.permutation(len(split))[: EACH * len(SORTS)]
    made = []
    for place, index in enumerate(originals.tolist()):
        file = io.BytesIO()
        copy = SORTS[place // EACH](picture(split.encoded(index)), random)
        copy.save(file, "JPEG", quality=int(random.integers(50, 90)))
        made.append(file.getvalue())
    count = len(split) + len(made)
    classes = np.concatenate([split.classes, split.classes[originals]])
    more = Split(classes, Copies(split, made), np.arange(count))
    return replace(dataset, splits={**dataset.splits, name: more}), originals


def groups_by_row(seen: Survey, rows: NDArray[np.int64]) -> dict[int, int]:
    """Of each of `rows` that has a copy among them the number of its group."""
    found = near_duplicates(seen.vectors[rows], seen.fingerprints[rows])
    return {int(rows[i]): number for number, group in enumerate(found) for i in group.indices}


def report_copies(seen: Survey, natural: NDArray[np.int64], originals: NDArray[np.int64]) -> None:
    """Prints recall by sort, and precision: a pair is right if both are of one photo, or copies by nature."""
    by_nature = groups_by_row(seen, natural)
    extra = len(by_nature) - len(set(by_nature.values()))
    print(f"without planted copies: {extra} photos found to be copies of others")
    copied = np.setdiff1d(np.arange(len(seen)), natural)
    name = next(iter(seen.dataset.splits))
    row_of = {seen.place(row)[2]: row for row in range(len(seen)) if seen.place(row)[0] == name}
    original = dict(zip(copied.tolist(), (row_of[each] for each in originals.tolist()), strict=True))
    found = groups_by_row(seen, np.arange(len(seen)))
    for sort, make in enumerate(SORTS):
        some = copied[sort * EACH : (sort + 1) * EACH].tolist()
        hits = [row in found and found[row] == found.get(original[row], -1) for row in some]
        print(f"  {make.__name__}: recall {np.mean(hits):.3f} of {EACH}")
    pairs = duplicate_pairs(seen.vectors, seen.fingerprints)
    right = 0
    for pair in pairs:
        first, second = (original.get(row, row) for row in (pair.first, pair.second))
        right += first == second or by_nature.get(first, -1) == by_nature.get(second, -2)
    print(f"  precision {right / len(pairs):.3f} of {len(pairs)} pairs")


def report_labels(seen: Survey, natural: NDArray[np.int64], random: Random) -> None:
    """Prints how many of the swapped labels are found."""
    classes = seen.classes[natural].copy()
    swapped = random.permutation(len(classes))[: round(SWAPPED * len(classes))]
    count = len(seen.dataset.labels)
    classes[swapped] = (classes[swapped] + random.integers(1, count, len(swapped))) % count
    verdicts = judge_labels(seen.vectors[natural], classes)
    assert verdicts is not None
    print(f"{len(swapped)} labels of {len(classes)} swapped; the head agrees with {verdicts.accuracy:.1%}")
    tenth = verdicts.suspicious()[: round(SUSPICIOUS * len(classes))]
    print(f"  among the most suspicious {SUSPICIOUS:.0%}: {np.isin(swapped, tenth).mean():.1%} of them")
    counted = np.flatnonzero(verdicts.likely_wrong)
    print(f"  by confident learning: {np.isin(swapped, counted).mean():.1%} of them, {len(counted)} in all")
    some = replace(seen, splits=seen.splits[natural], indices=seen.indices[natural], classes=classes)
    excluded = {each.photo for each in labels(some, verdicts) if each.decision == "exclude"}
    right = sum((some.place(row)[0], some.place(row)[2]) in excluded for row in swapped.tolist())
    print(f"  proposed to be left out: {len(excluded)}, {right} of which were swapped")


def main() -> None:
    """Plants, looks and prints."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data")
    parser.add_argument("--module", default="tiny_imagenet")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    dataset = open_dataset(given.data)
    whole = len(next(iter(dataset.splits.values())))
    random = np.random.default_rng(given.seed)
    planted, originals = with_copies(dataset, random)
    seen = survey(planted, hub.Module(given.module))
    natural = np.flatnonzero((seen.splits > 0) | (seen.indices < whole))
    report_labels(seen, natural, random)
    report_copies(seen, natural, originals)


if __name__ == "__main__":
    main()
