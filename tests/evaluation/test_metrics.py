"""Metrics against scikit-learn, against numbers worked by hand, and against what must hold for any answer."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn import metrics as reference

from inception_hub.errors import ArgumentError
from inception_hub.evaluation import Evaluation, wilson
from inception_hub.inference.predictions import top_k
from inception_hub.labels import Labels


def labels(count: int) -> Labels:
    return Labels(tuple(f"class {i}" for i in range(count)), (None,) * count)


def evaluation(probabilities: object, classes: object, module: str = "tiny") -> Evaluation:
    array = np.asarray(probabilities, np.float32)
    names = [f"{i}.jpg" for i in range(len(array))]
    return Evaluation(module, "photos test", labels(array.shape[1]), np.asarray(classes), array, names)


def random_evaluation(seed: int, images: int, classes: int, coarse: bool = False) -> Evaluation:
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, classes, images)
    logits = rng.normal(size=(images, classes))
    logits[np.arange(images), truth] += 1
    exps = np.exp(logits)
    probabilities = exps / exps.sum(axis=1, keepdims=True)
    return evaluation(np.round(probabilities, 1) if coarse else probabilities, truth)


HAND = evaluation(
    [[0.9, 0.1, 0.0], [0.6, 0.4, 0.0], [0.2, 0.3, 0.5], [0.7, 0.2, 0.1]],
    [0, 1, 2, 2],
)


def test_by_hand() -> None:
    assert HAND.predictions.tolist() == [0, 0, 2, 0]
    assert HAND.correct.tolist() == [True, False, True, False]
    assert HAND.top1 == 0.5
    assert HAND.top5 is None and HAND.top5_interval is None, "of three classes the five best are all"
    assert HAND.top1_interval == wilson(2, 4)
    assert HAND.confusion().tolist() == [[1, 0, 0], [1, 0, 0], [1, 0, 1]]
    assert HAND.mistakes(10) == [3, 1]
    assert HAND.mistakes(1) == [3]
    assert HAND.most_confused(10) == [("class 1", "class 0", 1), ("class 2", "class 0", 1)]
    assert HAND.loss == pytest.approx(-np.log([0.9, 0.4, 0.5, 0.1]).mean(), rel=1e-6)
    first, second, third = HAND.per_class()
    assert (first.label, first.images, first.recall, first.precision, first.f1) == (
        "class 0",
        1,
        1,
        1 / 3,
        0.5,
    )
    assert (second.images, second.recall, second.precision, second.f1) == (1, 0, None, 0)
    assert (third.images, third.recall, third.precision, third.f1) == (2, 0.5, 1, 2 / 3)


def test_calibration_by_hand() -> None:
    # Bins of a fifth: 0.9 (right) alone; 0.6 (wrong) and 0.5 (right) in (0.4, 0.6]; 0.7 (wrong) alone.
    bins = HAND.reliability(5)
    assert [b.count for b in bins] == [0, 0, 1, 2, 1]  # float32's 0.6 is a little above 0.6
    assert [b.accuracy for b in bins] == [None, None, 1, 0, 1]
    assert [(round(b.low, 9), round(b.high, 9)) for b in bins[:2]] == [(0, 0.2), (0.2, 0.4)]
    assert bins[3].confidence == pytest.approx(0.65)
    # In fifteenths every answer is alone: |1 - 0.9|, |0 - 0.6|, |1 - 0.5|, |0 - 0.7|, a quarter each.
    assert HAND.ece == pytest.approx((0.1 + 0.6 + 0.5 + 0.7) / 4)
    assert len(HAND.reliability()) == 15


def test_a_bin_holds_its_upper_edge() -> None:
    bins = evaluation([[0.5, 0.5], [0.75, 0.25], [1, 0]], [0, 0, 0]).reliability(4)
    assert [b.count for b in bins] == [0, 1, 1, 1]


@pytest.mark.parametrize("seed", range(5))
def test_against_scikit_learn(seed: int) -> None:
    measured = random_evaluation(seed, 400, 12)
    truth, predictions = measured.classes, measured.predictions
    every = np.arange(12)
    assert measured.top1 == pytest.approx(reference.accuracy_score(truth, predictions))
    assert measured.top5 == pytest.approx(
        reference.top_k_accuracy_score(truth, measured.probabilities, k=5, labels=every)
    )
    assert np.array_equal(measured.confusion(), reference.confusion_matrix(truth, predictions, labels=every))
    exact = measured.probabilities.astype(np.float64)
    exact /= exact.sum(axis=1, keepdims=True)
    assert measured.loss == pytest.approx(reference.log_loss(truth, exact, labels=every), rel=1e-6)
    scores = reference.precision_recall_fscore_support(truth, predictions, labels=every, zero_division=0)
    for index, (precision, recall, f1, images) in enumerate(zip(*scores, strict=True)):
        own = measured.per_class()[index]
        assert (own.precision or 0, own.recall or 0, own.f1 or 0) == pytest.approx((precision, recall, f1))
        assert own.images == images


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 40), st.integers(1, 9), st.booleans())
def test_what_holds_for_any_prediction(seed: int, images: int, classes: int, coarse: bool) -> None:
    measured = random_evaluation(seed, images, classes, coarse)
    best: list[list[int]] = [top_k(row, 5) for row in measured.probabilities]
    truth = measured.classes.tolist()
    assert measured.predictions.tolist() == [five[0] for five in best]
    if classes > 5:
        assert measured.top5 == np.mean([c in five for c, five in zip(truth, best, strict=True)])
        assert 0 <= measured.top1 <= measured.top5 <= 1
        assert measured.top5_interval == wilson(round(measured.top5 * images), images)
    else:
        assert measured.top5 is None
    assert 0 <= measured.ece <= 1
    assert np.isfinite(measured.loss)
    confusion: NDArray[np.int64] = measured.confusion()
    assert confusion.sum() == images
    assert np.trace(confusion) == measured.correct.sum()
    assert sum(count for *_, count in measured.most_confused(classes**2)) == (~measured.correct).sum()
    assert sum(b.count for b in measured.reliability()) == images
    order = [float(measured.confidences[i]) for i in measured.mistakes(images)]
    assert order == sorted(order, reverse=True)
    assert len(order) == (~measured.correct).sum()
    json.dumps(measured.summary(), allow_nan=False)


def test_the_lower_index_wins_a_tie() -> None:
    tied = evaluation([[0.125] * 8] * 2, [4, 5])
    assert tied.predictions.tolist() == [0, 0]
    assert tied.top5 == 0.5


def test_a_probability_of_nought_is_a_finite_loss() -> None:
    assert evaluation([[1, 0]], [1]).loss == pytest.approx(87.34, abs=0.01)


def test_the_summary_leaves_out_classes_without_images() -> None:
    summary = evaluation([[0.5, 0.25, 0.25]], [0]).summary()
    assert [score["index"] for score in summary["classes"]] == [0]
    assert summary["images"] == 1 and summary["top5"] is None
    assert summary["top1_interval"] == wilson(1, 1) == summary["classes"][0]["interval"]
    assert summary["most_confused"] == []


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1.5, -0.5])
def test_what_is_no_probability_is_refused(value: float) -> None:
    with pytest.raises(ArgumentError, match=f"probabilities of 1.jpg hold {value}; they must be finite"):
        evaluation([[1, 0], [value, 0], [0, np.nan]], [0, 0, 0])


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ArgumentError, match=r"probabilities \[1, 2\] and classes \[2\] for 1 names"):
        evaluation([[1, 0]], [0, 1])
    with pytest.raises(ArgumentError, match="The class of 1.jpg is 2; tiny has classes 0 to 1"):
        evaluation([[1, 0], [1, 0]], [0, 2])
    with pytest.raises(ArgumentError, match="There are no images in photos test"):
        evaluation(np.zeros((0, 2)), np.zeros(0, np.int64))
    with pytest.raises(ArgumentError, match="bins is 0"):
        HAND.reliability(0)
