"""Coverage and size of sets of classes, and how well unknown photos are told.

`python benchmarks/coverage.py MODULE DATA [--held-out DATA] [--others FOLDER ...] [--precision P ...]`

The held-out photos (of DATA, or of another set) are halved at random, 100 times: one half calibrates, the
other counts. OTHERS: photos of other things; an area under the ROC curve (AUROC) of 0.5 tells nothing, 1 all.
With a precision the counted half is computed in that, and the calibrating one in f32. Figures of
docs/unknown.md and docs/bundled-module.md.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import inception_hub as hub
from inception_hub.calibration import Calibration, Outputs, PredictionSets, fit
from inception_hub.calibration.conformal import scores
from inception_hub.calibration.temperature import fit_temperature, tempered
from inception_hub.data import Dataset, PhotoFiles, Split, open_dataset
from inception_hub.evaluation import match_labels
from inception_hub.evaluation.calibrate import splits_of
from inception_hub.evaluation.coverage import COVERAGES
from inception_hub.evaluation.held_out import few_of_each, outputs_of
from inception_hub.images.find import Unread, find_images

HALVINGS = 100


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("module")
    parser.add_argument("data")
    parser.add_argument("--held-out")
    parser.add_argument("--others", nargs="*", default=[])
    parser.add_argument("--precision", nargs="*", default=[])
    given = parser.parse_args()
    module = hub.Module(given.module)
    dataset = open_dataset(given.data, given.held_out, to_train=False)
    _, learned, held_out = splits_of(dataset, None)
    first = computed(module, dataset, few_of_each(learned))
    held = computed(module, dataset, held_out)
    calibration = fit(first, held)
    print(
        f"{given.module}: {len(held.classes):,} held-out photos, temperature {calibration.temperature:.3f}\n"
    )
    halvings(calibration, held, held, "f32")
    for precision in given.precision:
        other = computed(hub.Module(given.module, precision=precision), dataset, held_out)
        halvings(calibration, held, other, precision)
    for folder in given.others:
        unknowns(module, calibration, held, folder)


def computed(module: hub.Module, dataset: Dataset, split: Split) -> Outputs:
    return outputs_of(module, split, match_labels(module.labels, dataset.labels), [])


def halvings(calibration: Calibration, first: Outputs, second: Outputs, precision: str) -> None:
    """Prints coverage, set size and empty sets of the halves of `second` by the other halves of `first`."""
    count = len(first.classes)
    found: dict[float, list[tuple[float, float, float]]] = {coverage: [] for coverage in COVERAGES}
    for seed in range(HALVINGS):
        order = np.random.default_rng(seed).permutation(count)
        one, other = order[: count // 2], order[count // 2 :]
        made = calibrated(calibration, first, one)
        values = all_scores(second, other, made.temperature)
        rows = np.arange(len(other))
        for coverage in COVERAGES:
            sets = PredictionSets(made, coverage)
            inside = values <= sets.cuts(second.chances[other, 1][:, None])
            sizes = inside.sum(1)
            covered = inside[rows, second.classes[other]].mean()
            found[coverage].append((covered, sizes.mean(), (sizes == 0).mean()))
    print(f"| asked, {precision} | coverage, mean | of one halving | classes of a set | empty |")
    print("|---|---|---|---|---|")
    for coverage, figures in found.items():
        covered, size, empty = np.mean(figures, axis=0)
        spread = np.std([each[0] for each in figures])
        print(
            f"| {coverage:.0%} | {covered:.1%} | ± {100 * spread:.1f} | {size:.2f} | {empty:.1%} |",
            flush=True,
        )
    print()


def calibrated(calibration: Calibration, outputs: Outputs, chosen: NDArray[np.int64]) -> Calibration:
    """`calibration` with temperature and scores of the photos `chosen` alone."""
    classes = outputs.classes[chosen]
    temperature = fit_temperature(outputs.logits[chosen].astype(np.float64), classes)
    own = all_scores(outputs, chosen, temperature)[np.arange(len(chosen)), classes]
    return replace(calibration, temperature=temperature, scores=own, classes=classes.astype(np.int32))


def all_scores(outputs: Outputs, chosen: NDArray[np.int64], temperature: float) -> NDArray[np.float32]:
    return scores(tempered(outputs.logits[chosen], temperature), outputs.chances[chosen, 0])


def unknowns(module: hub.Module, calibration: Calibration, held: Outputs, folder: str) -> None:
    """Prints how well photos in `folder`, all of other things, are told from the held-out ones."""
    paths = list(find_images([folder], Unread()))
    files = Split(np.zeros(len(paths), np.int64), PhotoFiles(paths, Path(folder)), np.arange(len(paths)))
    others = outputs_of(module, files, np.zeros(1, np.int64), [])
    known, novel = calibration.novelties, calibration.novelty(others.logits, others.features)
    likely = [-tempered(each.logits, 1).max(1) for each in (held, others)]
    called = calibration.is_unknown(others.logits, others.features).mean()
    print(
        f"{folder}: {len(paths):,} photos, AUROC {auroc(known, novel):.3f} (by the highest probability alone "
        f"{auroc(*likely):.3f}); {called:.0%} called unknown, of the held-out photos 5%"
    )


def auroc(known: NDArray[np.floating], unknown: NDArray[np.floating]) -> float:
    """The share of pairs of a known and an unknown photo in which the unknown one has the larger value."""
    below = np.searchsorted(np.sort(known), unknown, side="left")
    to = np.searchsorted(np.sort(known), unknown, side="right")
    return float((below + to).mean() / 2 / len(known))


if __name__ == "__main__":
    main()
