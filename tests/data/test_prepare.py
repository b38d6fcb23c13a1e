"""Batches as a module takes them: in order, without the photos that cannot be decoded."""

import numpy as np
import pytest
from helpers.dataset_photos import png, split_of

from inception_hub.data import Split, prepared
from inception_hub.errors import ArgumentError
from inception_hub.images.loading import load_image


def photos(count: int) -> Split:
    return split_of([png(i) for i in range(count)], [i % 3 for i in range(count)])


def test_prepared_is_in_order_and_leaves_out_what_is_corrupt() -> None:
    contents = [png(i, (20, 16)) for i in range(7)]
    contents[2] = b"no image"
    errors: list[tuple[int, str]] = []
    batches = list(
        prepared(split_of(contents, [0] * 7), (8, 6), "slim", 4, lambda *error: errors.append(error))
    )
    assert [indices.tolist() for _, indices in batches] == [[0, 1, 3, 4], [5, 6]]
    for images, indices in batches:
        assert images.dtype == np.float32
        for image, index in zip(images, indices, strict=True):
            np.testing.assert_array_equal(image, load_image(contents[index], (8, 6), "slim"))
    assert [index for index, _ in errors] == [2] and "no readable image" in errors[0][1]


def test_photos_that_cannot_be_decoded_are_left_out_without_a_callback() -> None:
    ((_, indices),) = prepared(split_of([png(0), b"no image", png(2)], [0, 0, 0]), (8, 8))
    assert indices.tolist() == [0, 2]
    assert list(prepared(split_of([b"no image"], [0]), (8, 8))) == []


def test_prepared_refuses_at_once() -> None:
    with pytest.raises(ArgumentError, match="resize is 'no'"):
        prepared(photos(2), (8, 8), "no")  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="batch_size is 0"):
        prepared(photos(2), (8, 8), batch_size=0)
