"""The decoded photos: exact, resumed after any interruption, never of other data, within the disk."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from helpers.dataset_photos import png, split_of

from inception_hub.data import Split, decode_split, pixels, prepared
from inception_hub.errors import ArgumentError, ImageError, OutputError
from inception_hub.images.decode import decode
from inception_hub.images.loading import load_image

COUNT = 3 * pixels.BATCH + 5


def photos(count: int = COUNT, start: int = 0) -> Split:
    return split_of([png(i) for i in range(start, start + count)], [i % 3 for i in range(count)])


def assert_whole(found: pixels.Pixels, split: Split) -> None:
    assert found.images.shape == (len(split), 8, 8, 3) and found.images.dtype == np.uint8
    for i in range(len(split)):
        np.testing.assert_array_equal(found.images[i], decode(split.encoded(i)))
    assert found.indices.tolist() == list(range(len(split)))
    assert found.classes.tolist() == split.classes.tolist()


def reads(split: Split) -> int:
    return split.photos.reads  # type: ignore[attr-defined]


@pytest.mark.parametrize("on_disk", [True, False])
def test_corrupt_photos_are_skipped_and_listed(tmp_path: Path, on_disk: bool) -> None:
    contents = [png(0, (16, 8)), b"no image", png(2, (4, 8)), None, png(4)]
    done: list[tuple[int, int]] = []
    split = split_of(contents, [0, 1, 1, 0, 2])
    found = decode_split(split, tmp_path if on_disk else None, 8, report=lambda *a: done.append(a))
    assert found.images.shape == (3, 8, 8, 3)
    assert found.indices.tolist() == [0, 2, 4] and found.classes.tolist() == [0, 1, 2]
    assert found.aspect.tolist() == [2, 0.5, 1] and found.aspect.dtype == np.float32
    np.testing.assert_array_equal(found.images[2], decode(png(4)))
    whole = decode(png(0, (16, 8))).astype(float)
    assert abs(found.images[0].mean() - whole.mean()) < 3  # the whole photo, averaged
    assert [line.split(": ")[0] for line in found.corrupt] == ["1.png", "3.png"]
    assert "no readable image" in found.corrupt[0] and "gone" in found.corrupt[1]
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


@pytest.mark.parametrize("stop", [1, pixels.BATCH, 2 * pixels.BATCH + 7, COUNT])
def test_interrupted_it_goes_on(tmp_path: Path, stop: int) -> None:
    def interrupt(done: int, total: int) -> None:
        if done == stop:
            raise KeyboardInterrupt

    split = photos()
    with pytest.raises(KeyboardInterrupt):
        decode_split(split, tmp_path, 8, report=interrupt)
    assert not (tmp_path / "pixels.npy").exists() and not (tmp_path / "pixels.jsonl").exists()
    before = reads(split)
    found = decode_split(split, tmp_path, 8)
    assert reads(split) - before == (COUNT - stop // pixels.BATCH * pixels.BATCH if stop < COUNT else 0)
    assert_whole(found, split)


def test_killed_it_goes_on(tmp_path: Path) -> None:
    code = f"""
import os, signal, sys
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parent)!r})
from test_pixels import photos, decode_split
stop = lambda done, total: done == 150 and os.kill(os.getpid(), signal.SIGKILL)
decode_split(photos(), Path({str(tmp_path)!r}), 8, report=stop)
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    split = photos()
    assert_whole(decode_split(split, tmp_path, 8), split)
    assert reads(split) - COUNT == COUNT - 150 // pixels.BATCH * pixels.BATCH


@pytest.mark.parametrize("file", ["pixels.npy.partial", "pixels.jsonl.partial"])
def test_a_partial_file_cut_short_is_not_believed(tmp_path: Path, file: str) -> None:
    def interrupt(done: int, total: int) -> None:
        if done == 150:
            raise KeyboardInterrupt

    split = photos()
    with pytest.raises(KeyboardInterrupt):
        decode_split(split, tmp_path, 8, report=interrupt)
    with open(tmp_path / file, "r+b") as partial:
        partial.truncate((tmp_path / file).stat().st_size - 10)
    assert_whole(decode_split(split, tmp_path, 8), split)


@pytest.mark.parametrize("file", ["pixels.npy", "pixels.jsonl"])
def test_a_finished_file_cut_short_is_made_anew(tmp_path: Path, file: str) -> None:
    split = photos()
    decode_split(split, tmp_path, 8)
    with open(tmp_path / file, "r+b") as finished:
        finished.truncate((tmp_path / file).stat().st_size - 10)
    assert_whole(decode_split(split, tmp_path, 8), split)


def test_too_little_room_is_told_before(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"need 12,000,000,000,\d{3} bytes in .*make room there"):
        decode_split(photos(4), tmp_path, 1_000_000)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_disk_that_fills_up(tmp_path: Path) -> None:
    (tmp_path / "pixels.npy.partial").symlink_to("/dev/full")
    with pytest.raises(OutputError, match="No space left on device.*make room"):
        decode_split(photos(4), tmp_path, 8)


def test_more_than_memory_takes_needs_a_folder() -> None:
    with pytest.raises(ArgumentError, match="give a folder"):
        decode_split(photos(4), None, 100_000)
    with pytest.raises(ArgumentError, match="size is 0"):
        decode_split(photos(4), None, 0)


@pytest.mark.parametrize("on_disk", [True, False])
def test_nothing_can_be_decoded(tmp_path: Path, on_disk: bool) -> None:
    with pytest.raises(ImageError, match=r"None of 2 photos can be decoded \(0.png: "):
        decode_split(split_of([b"a", b"b"], [0, 1]), tmp_path if on_disk else None, 8)


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


def test_prepared_refuses_at_once() -> None:
    with pytest.raises(ArgumentError, match="resize is 'no'"):
        prepared(photos(2), (8, 8), "no")  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="batch_size is 0"):
        prepared(photos(2), (8, 8), batch_size=0)
