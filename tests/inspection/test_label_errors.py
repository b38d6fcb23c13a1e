"""Wrong labels, outliers and confused classes, planted in clusters of vectors."""

import numpy as np
import pytest
from helpers.labelled_vectors import clusters, judged

from inception_hub.inspection import label_errors
from inception_hub.inspection.cross_validation import fit_heads
from inception_hub.inspection.label_errors import FAR, judge_labels
from inception_hub.inspection.neighbours import find_neighbours


def test_swapped_labels_are_found_and_nothing_else() -> None:
    vectors, true = clusters(100)
    given = true.copy()
    swapped = np.random.default_rng(3).choice(len(true), 15, replace=False)
    given[swapped] = (given[swapped] + 1) % 3
    verdicts = judge_labels(vectors, given)
    assert verdicts is not None
    assert set(np.flatnonzero(verdicts.likely_wrong)) == set(swapped)
    assert set(verdicts.suspicious()[:15]) == set(swapped)
    assert np.array_equal(verdicts.suggested[swapped], true[swapped])
    assert (verdicts.given[swapped] < 0.1).all() and (verdicts.confidence[swapped] > 0.85).all()
    assert verdicts.accuracy == pytest.approx(0.95)


def test_thresholds_are_what_photos_of_a_class_have_on_average() -> None:
    """The rule written out, on classes that overlap."""
    vectors, classes = clusters(60, seed=5)
    vectors += np.random.default_rng(9).uniform(0, 15, vectors.shape).astype(np.float32)
    verdicts = judge_labels(vectors, classes)
    assert verdicts is not None and 0 < verdicts.likely_wrong.sum() < 60
    probabilities, _ = judged(fit_heads(vectors, classes), vectors, classes)
    neighbours = find_neighbours(vectors, classes)
    assert neighbours is not None
    probabilities = neighbours.agree(np.arange(len(classes)), probabilities)
    thresholds = [probabilities[classes == c, c].mean() for c in range(3)]
    for row, own in enumerate(classes):
        reached = {c: p for c, p in enumerate(probabilities[row]) if p >= thresholds[c]}
        counted_as = max(reached, key=reached.__getitem__) if reached else own
        expected = counted_as != own and probabilities[row].max() > probabilities[row, own]
        assert verdicts.likely_wrong[row] == expected, row


def test_the_suspicious_are_a_tenth_and_first_those_whose_label_is_least_probable() -> None:
    vectors, _ = clusters(100)
    noise = np.random.default_rng(0).integers(0, 3, 300)  # labels that say nothing
    verdicts = judge_labels(vectors, noise)
    assert verdicts is not None
    rows = verdicts.suspicious()
    assert len(rows) >= 20 and (np.diff(verdicts.given[rows]) >= 0).all()
    assert (verdicts.suggested[rows] != noise[rows]).all()
    unnamed = np.setdiff1d(np.arange(300), rows)
    assert not (verdicts.likely_wrong[unnamed]).any()


def test_an_outlier_of_a_class_is_far_from_it() -> None:
    vectors, classes = clusters(100)
    planted = [int(np.flatnonzero(classes == c)[0]) for c in range(3)]
    vectors[planted] = [60, 0, 0, 60, 0, 60]
    verdicts = judge_labels(vectors, classes)
    assert verdicts is not None
    assert set(np.argsort(verdicts.outlying)[-3:]) == set(planted)
    assert (verdicts.outlying[planted] > FAR).all()
    assert (verdicts.outlying > FAR).sum() < 12


def test_a_class_of_much_variety_has_no_more_outliers_than_another() -> None:
    vectors, classes = clusters(100)
    varied = classes == 0
    vectors[varied] += np.random.default_rng(2).uniform(0, 40, (100, 1)).astype(np.float32)
    verdicts = judge_labels(vectors, classes)
    assert verdicts is not None
    assert (verdicts.outlying[varied] > FAR).sum() <= 3
    for name in range(3):
        assert abs(np.median(verdicts.outlying[classes == name])) < 0.05


def test_classes_that_are_the_same_are_confused() -> None:
    vectors, classes = clusters(60)
    same = np.random.default_rng(0).integers(0, 2, 180)
    three = np.where(classes == 0, np.where(same == 0, 0, 3), classes)  # one class under two names
    verdicts = judge_labels(vectors, three)
    assert verdicts is not None
    (confusion,) = verdicts.confusions
    assert (confusion.first, confusion.second, confusion.total) == (0, 3, 60) and confusion.photos > 12


def test_small_classes_are_not_judged() -> None:
    vectors, classes = clusters(20)
    few = classes.copy()
    few[few == 1] = 2
    few[np.flatnonzero(few == 0)[:16]] = 2  # four are left
    few[:6] = 1
    assert (np.bincount(few)[0] < 5) and np.bincount(few)[1] >= 5
    verdicts = judge_labels(vectors, few)
    assert verdicts is not None
    assert not verdicts.judged[few == 0].any() and verdicts.judged[few != 0].all()
    assert not np.isin(verdicts.suggested[verdicts.judged], [0]).any()
    assert not np.isin(np.flatnonzero(few == 0), verdicts.suspicious()).any()
    assert (verdicts.outlying[few == 0] == 0).all()


def test_one_class_or_too_many_are_not_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors, classes = clusters(20)
    assert judge_labels(vectors, np.zeros(60, np.int64)) is None
    assert judge_labels(vectors[:8], classes[:8]) is None  # none has five photos
    monkeypatch.setattr(label_errors, "MOST_CLASSES", 2)
    assert judge_labels(vectors, classes) is None
