"""Every fast path against the reference path, by first answers on real photos.

The reference decodes a photo whole, and has the module answer for it alone in float32 with all cores. The
bounds are what was measured (95, 95 and 84 of 96 photos) less two photos or three: a path that goes wrong
loses far more. Most of the photos show none of the module's classes: where int8 answers otherwise, the first
probability is 12 to 37%. On the 10,000 validation photos of its card int8 keeps 94% of the first answers.
"""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from helpers.precisions import needs_bf16

import inception_hub as hub
from inception_hub.engines import Precision
from inception_hub.images.decode import picture
from inception_hub.images.resize import resize
from inception_hub.inference.decoding import Photo
from inception_hub.inference.options import Options
from inception_hub.inference.pipeline import infer

SIZES = "200x150", "640x480", "1280x960", "2048x1536"
MAKE_PHOTOS = Path(__file__).resolve().parents[1] / "benchmarks" / "peers" / "make_photos.py"


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Of four sizes in turn; the first is too small to be decoded reduced."""
    folder = tmp_path_factory.mktemp("real") / "photos"
    subprocess.run([sys.executable, MAKE_PHOTOS, folder, "96", *SIZES], check=True)
    return sorted(folder.iterdir())


@pytest.fixture(scope="module")
def expected(photos: list[Path]) -> list[int]:
    """First answers of the reference path."""
    module = hub.Module("tiny_imagenet")
    whole = (resize(picture(path), module.image_size) for path in photos)
    return [int(module(image[None]).argmax()) for image in whole]


@pytest.mark.parametrize(
    "precision, share", [("f32", 0.96), pytest.param("bf16", 0.96, marks=needs_bf16), ("int8", 0.84)]
)
def test_first_answers_stay(
    photos: list[Path], expected: list[int], precision: Precision, share: float
) -> None:
    module = hub.Module("tiny_imagenet", precision=precision)
    rows = [
        answer.row for answer in infer(module, (Photo(str(path), path) for path in photos), Options(top=1))
    ]
    found = [row.predictions[0].index for row in rows if row.predictions]
    same = np.array(found) == expected
    assert same.mean() >= share
    if precision == "f32":
        assert same[:: len(SIZES)].all(), "decoded whole, the same to the last digits"
