"""Batches in parts where memory runs out."""

import warnings

import pytest
import torch
from torch import Tensor

from inception_hub.engines.fitting import Fitting
from inception_hub.errors import DeviceMemoryError


def holding(most: int, seen: list[int]):  # type: ignore[no-untyped-def]
    """Computes at most `most` images at once; keeps how many it was given."""

    def compute(images: Tensor) -> dict[str, Tensor]:
        seen.append(len(images))
        if len(images) > most:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return {"sums": images.sum((1, 2, 3))}

    return compute


def test_parts_are_halved_until_they_fit_and_stay_so() -> None:
    images, seen, forgotten = torch.rand(10, 4, 4, 3), [], []
    fitting = Fitting(lambda: forgotten.append(len(seen)))
    with pytest.warns(
        RuntimeWarning, match="10 images do not fit into the device's memory; continuing with 3"
    ):
        sums = fitting(holding(3, seen), images)["sums"]
    assert torch.equal(sums, images.sum((1, 2, 3)))
    assert seen == [10, 5, 3, 3, 3, 1] and forgotten == [1, 2]
    seen.clear()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fitting(holding(3, seen), images)
    assert seen == [3, 3, 3, 1]


def test_what_fits_is_one_call() -> None:
    seen: list[int] = []
    Fitting(lambda: pytest.fail("there was room"))(holding(10, seen), torch.rand(10, 2, 2, 3))
    assert seen == [10]


def test_an_image_that_does_not_fit_is_an_error() -> None:
    with pytest.raises(DeviceMemoryError, match="One image of 2 x 5 pixels does not fit"):
        Fitting(lambda: None)(holding(0, []), torch.rand(1, 2, 5, 3))
