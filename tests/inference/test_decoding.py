"""Decoding in processes: the rows that threads give, and one sentence where a process is ended."""

import os
import signal
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import inception_hub as hub
from inception_hub.errors import ImageError
from inception_hub.inference import decoding
from inception_hub.inference.decoding import Photo, decode_all
from inception_hub.inference.options import Options
from inception_hub.inference.pipeline import Result, infer


@pytest.fixture
def photos(tmp_path: Path) -> list[Photo]:
    """Nine photos, the fourth and the eighth of them damaged."""
    made = []
    for number in range(9):
        path = tmp_path / f"{number}.png"
        noise = np.random.default_rng(number).integers(0, 256, (50 + number, 60, 3), np.uint8)
        Image.fromarray(noise).save(path)
        if number in (3, 7):
            os.truncate(path, 200)
        made.append(Photo(path.name, str(path)))
    return made


@pytest.mark.parametrize("first", [0, 5, 9, 100])
def test_they_are_what_threads_decode(
    photos: list[Photo], monkeypatch: pytest.MonkeyPatch, first: int
) -> None:
    monkeypatch.setattr(decoding, "FIRST", first)
    expected, found = (
        list(decode_all(photos, (32, 48), "default", options, threads=2, ahead=6))
        for options in (Options(thumbnails=True, feature_maps=True, processes=count) for count in (0, 2))
    )
    assert [each.photo for each in found] == [each.photo for each in expected] == photos
    assert [each.photo.path for each in found if each.error] == ["3.png", "7.png"]
    for one, other in zip(found, expected, strict=True):
        assert one.error == other.error
        for name in ("pixels", "enlarged", "thumbnail"):
            values = getattr(one, name), getattr(other, name)
            assert (values[0] is None) == (values[1] is None) == (one.error is not None)
            assert values[0] is None or np.array_equal(*values)


class Deadly(os.PathLike[str]):
    """A path that ends the process that opens it."""

    def __fspath__(self) -> str:
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError


def test_a_process_that_is_ended_is_told(
    small_module: Path, photos: list[Photo], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoding, "FIRST", 2)
    done: list[Result] = []
    with pytest.raises(ImageError, match="was ended from outside.*--resume"):
        for result in infer(
            hub.Module(small_module), [*photos[:2], Photo("x", Deadly())], Options(processes=2)
        ):
            done.append(result)
    assert [result.row.path for result in done] in ([], ["0.png", "1.png"])
