"""Logits -> predictions: softmax, the most likely classes and their labels. Knows labels and arrays only."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import AnswerError, ArgumentError
from ..labels import Labels


@dataclass(frozen=True)
class Prediction:
    """A class: `label`, `index` in the module's own numbering, `probability` in [0, 1] as float32 gave it."""

    label: str
    index: int
    probability: float


def best_predictions(logits: NDArray[np.float32], labels: Labels, top: int) -> tuple[Prediction, ...]:
    """The `top` most likely of the classes `labels` by their `logits` [classes], best first."""
    return predictions_of(logits, labels, top_k(probabilities(logits), top))


def predictions_of(
    logits: NDArray[np.float32], labels: Labels, indices: Sequence[int]
) -> tuple[Prediction, ...]:
    """The predictions of the classes at `indices`, in their order, by the `logits` [classes] of all."""
    values = probabilities(logits)
    return tuple(Prediction(labels[index], index, float(values[index])) for index in indices)


def probabilities(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Softmax over the last axis."""
    with np.errstate(over="ignore"):  # to minus infinity, whose exponential is the 0 it should be
        exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


def top_k(values: NDArray[np.float32], k: int) -> list[int]:
    """Indices of the `k` largest of `values` [n], largest first, lower index first among equals.

    All `n` where there are fewer than `k`. Raises `ArgumentError` for `k` below 1.
    """
    if k < 1:
        raise ArgumentError(f"k is {k}; give 1 or more.")
    return np.argsort(-values, kind="stable")[:k].tolist()


def check_finite(output: NDArray[np.float32], module: str, precision: str) -> NDArray[np.float32]:
    """`output` as it is, if rows and replies can hold it.

    Raises `AnswerError` naming the `module` and the `precision` it was computed in where a number is not
    finite.
    """
    if not np.isfinite(output).all():
        raise AnswerError(
            f"{module} computed numbers that are not finite, as its weights are too large for {precision}; "
            "take another module."
        )
    return output
