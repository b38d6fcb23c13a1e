"""The paired bootstrap: known answers, against the textbook's interval, and how often it is right."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from inception_hub.errors import ArgumentError
from inception_hub.evaluation import Evaluation, compare
from inception_hub.labels import Labels

YES_NO = Labels(("right", "wrong"), (None, None))


def evaluation(correct: NDArray[np.bool_]) -> Evaluation:
    answers = np.where(correct[:, None], np.float32([0.8, 0.2]), np.float32([0.3, 0.7])).astype(np.float32)
    names = [f"{i}.jpg" for i in range(len(correct))]
    return Evaluation("tiny", "photos", YES_NO, np.zeros(len(correct), np.int64), answers, names)


def pair(rng: np.random.Generator, images: int, wins: float, losses: float) -> tuple[Evaluation, Evaluation]:
    draw = rng.random(images)
    return evaluation(draw >= wins), evaluation((draw < wins) | (draw >= wins + losses))


def test_by_hand() -> None:
    first = evaluation(np.array([True, True, False, False, False]))
    second = evaluation(np.array([True, False, True, True, False]))
    comparison = compare(first, second)
    assert (comparison.difference, comparison.images, comparison.wins, comparison.losses) == (0.2, 5, 2, 1)
    assert comparison.confidence == 0.95
    assert comparison.low < 0.2 < comparison.high
    back = compare(second, first)
    assert (back.difference, back.wins, back.losses) == (-0.2, 1, 2)


def test_one_and_the_same() -> None:
    one = evaluation(np.array([True, False, True]))
    comparison = compare(one, one)
    assert (comparison.difference, comparison.low, comparison.high) == (0, 0, 0)


def test_against_the_normal_interval() -> None:
    first, second = pair(np.random.default_rng(0), 10_000, 0.10, 0.08)
    comparison = compare(first, second)
    variance = (comparison.wins + comparison.losses) / 10_000 - comparison.difference**2
    half = 1.96 * np.sqrt(variance / 10_000)
    assert comparison.low == pytest.approx(comparison.difference - half, abs=0.0004)
    assert comparison.high == pytest.approx(comparison.difference + half, abs=0.0004)
    assert compare(first, second) == comparison


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(1)
    held = 0
    for _ in range(300):
        comparison = compare(*pair(rng, 500, 0.15, 0.10))
        held += comparison.low <= 0.05 <= comparison.high
    assert 0.91 <= held / 300 <= 0.98


def test_modules_may_number_their_classes_differently() -> None:
    first = evaluation(np.array([True, False, True]))
    flipped = replace(
        first,
        labels=Labels(("wrong", "right"), (None, None)),
        classes=np.ones(3, np.int64),
        probabilities=first.probabilities[:, ::-1],
    )
    assert compare(first, flipped).difference == 0


def test_other_images_are_refused() -> None:
    first = evaluation(np.array([True, False, True]))
    with pytest.raises(ArgumentError, match="3 images and tiny on 2, not the same ones"):
        compare(first, evaluation(np.array([True, False])))
    with pytest.raises(ArgumentError, match="not the same ones in the same order"):
        compare(first, replace(first, names=["0.jpg", "2.jpg", "1.jpg"]))
    for other in (replace(first, classes=np.array([0, 1, 0])), replace(first, classes=np.ones(3, np.int64))):
        with pytest.raises(ArgumentError, match="same images with different classes"):
            compare(first, other)
    renamed = replace(first, labels=Labels(("a", "b"), (None, None)), classes=np.array([0, 1, 0]))
    with pytest.raises(ArgumentError, match="same images with different classes"):
        compare(first, renamed)
