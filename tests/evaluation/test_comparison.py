"""The paired bootstrap: known answers, against the textbook's interval, and how often it is right."""

import time
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
    found = compare(first, second)
    assert (found.difference, found.images, found.wins, found.losses) == (0.2, 5, 2, 1)
    assert found.confidence == 0.95
    assert found.low < 0.2 < found.high
    back = compare(second, first)
    assert (back.difference, back.wins, back.losses) == (-0.2, 1, 2)


def test_one_and_the_same() -> None:
    one = evaluation(np.array([True, False, True]))
    found = compare(one, one)
    assert (found.difference, found.low, found.high) == (0, 0, 0)


def test_against_the_normal_interval() -> None:
    first, second = pair(np.random.default_rng(0), 10_000, 0.10, 0.08)
    start = time.perf_counter()
    found = compare(first, second)
    assert time.perf_counter() - start < 5  # 0.1 s; generous for a busy machine
    variance = (found.wins + found.losses) / 10_000 - found.difference**2
    half = 1.96 * np.sqrt(variance / 10_000)
    assert found.low == pytest.approx(found.difference - half, abs=0.0004)
    assert found.high == pytest.approx(found.difference + half, abs=0.0004)
    assert compare(first, second) == found
    assert compare(first, second, confidence=0.5).low > found.low


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(1)
    held = 0
    for _ in range(300):
        found = compare(*pair(rng, 500, 0.15, 0.10), samples=1000)
        held += found.low <= 0.05 <= found.high
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
    with pytest.raises(ArgumentError, match="3 images and tiny for 2, not the same ones"):
        compare(first, evaluation(np.array([True, False])))
    with pytest.raises(ArgumentError, match="not the same ones in the same order"):
        compare(first, replace(first, names=["0.jpg", "2.jpg", "1.jpg"]))
    for other in (replace(first, classes=np.array([0, 1, 0])), replace(first, classes=np.ones(3, np.int64))):
        with pytest.raises(ArgumentError, match="same images with different classes"):
            compare(first, other)
    renamed = replace(first, labels=Labels(("a", "b"), (None, None)), classes=np.array([0, 1, 0]))
    with pytest.raises(ArgumentError, match="same images with different classes"):
        compare(first, renamed)


def test_what_is_outside_is_refused() -> None:
    one = evaluation(np.array([True]))
    with pytest.raises(ArgumentError, match="samples is 0"):
        compare(one, one, samples=0)
    with pytest.raises(ArgumentError, match="confidence is 95"):
        compare(one, one, confidence=95)
