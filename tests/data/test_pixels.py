"""Decoded photos in memory and on disk: exact, decoded once, never those of other data."""

import os
from pathlib import Path

import numpy as np
import pytest
from helpers.dataset_photos import COUNT, assert_whole, photos, png, reads, split_of

from inception_hub.data import decode_split
from inception_hub.errors import ArgumentError, ImageError
from inception_hub.images.decode import decode, picture
from inception_hub.images.resize import fitted


@pytest.mark.parametrize("on_disk", [True, False])
def test_corrupt_photos_are_skipped_and_listed(tmp_path: Path, on_disk: bool) -> None:
    contents = [png(0, (16, 8)), b"no image", png(2, (4, 8)), None, png(4)]
    done: list[tuple[int, int]] = []
    split = split_of(contents, [0, 1, 1, 0, 2])
    decoded = decode_split(split, tmp_path if on_disk else None, 8, report=lambda *a: done.append(a))
    assert decoded.images.shape == (3, 8, 8, 3)
    assert decoded.classes.tolist() == [0, 1, 2]
    assert decoded.aspect.tolist() == [2, 0.5, 1] and decoded.aspect.dtype == np.float32
    np.testing.assert_array_equal(decoded.images[2], decode(png(4)))
    whole = decode(png(0, (16, 8))).astype(float)
    assert abs(decoded.images[0].mean() - whole.mean()) < 3  # the whole photo, averaged
    assert [line.split(": ")[0] for line in decoded.corrupt] == ["1.png", "3.png"]
    assert "no readable image" in decoded.corrupt[0] and "gone" in decoded.corrupt[1]
    assert done == [(i, 5) for i in range(1, 6)]
    assert sorted(os.listdir(tmp_path)) == (["pixels.jsonl", "pixels.npy"] if on_disk else [])


def test_second_time_nothing_is_decoded(tmp_path: Path) -> None:
    split = photos()
    assert_whole(decode_split(split, tmp_path, 8), split)
    before = reads(split)
    again = decode_split(split, tmp_path, 8)
    assert reads(split) == before
    assert isinstance(again.images, np.memmap)
    assert_whole(again, split)


def test_other_data_or_size_is_never_served(tmp_path: Path) -> None:
    decode_split(photos(), tmp_path, 8)
    other = photos(start=1)
    assert_whole(decode_split(other, tmp_path, 8), other)
    assert decode_split(other, tmp_path, 4).images.shape == (COUNT, 4, 4, 3)
    squashed = decode_split(split_of([png(0, (16, 8))], [0]), tmp_path, 4)
    for fit in ("crop", "pad"):
        kept = decode_split(split_of([png(0, (16, 8))], [0]), tmp_path, 4, fit)
        assert not np.array_equal(kept.images, squashed.images)


def test_proportions_are_squashed_and_told_or_kept() -> None:
    split = split_of([png(0, (16, 8)), png(1, (8, 16)), png(2)], [0, 0, 0])
    for fit, aspects in (("squash", [2, 0.5, 1]), ("crop", [1, 1, 1]), ("pad", [1, 1, 1])):
        decoded = decode_split(split, None, 8, fit)  # type: ignore[arg-type]
        assert decoded.aspect.tolist() == aspects
        for index, image in enumerate(decoded.images):
            assert np.array_equal(image, fitted(picture(split.encoded(index)), (8, 8), fit))  # type: ignore[arg-type]
        np.testing.assert_array_equal(decoded.images[2], decode(png(2)))
    assert np.array_equal(decoded.images[0, [0, -1]], np.full((2, 8, 3), 128))


def test_more_than_memory_takes_needs_a_folder() -> None:
    with pytest.raises(ArgumentError, match="give a folder"):
        decode_split(photos(4), None, 100_000)
    with pytest.raises(ArgumentError, match="size is 0"):
        decode_split(photos(4), None, 0)


@pytest.mark.parametrize("on_disk", [True, False])
def test_nothing_can_be_decoded(tmp_path: Path, on_disk: bool) -> None:
    with pytest.raises(ImageError, match=r"None of 2 photos can be decoded \(0.png: "):
        decode_split(split_of([b"a", b"b"], [0, 1]), tmp_path if on_disk else None, 8)
