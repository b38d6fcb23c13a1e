"""Photos as callers give them: what counts as one, what as many, and what each is called."""

import io
from pathlib import Path

import numpy as np
import pytest
from helpers.dataset_photos import png
from helpers.image_files import RGB
from PIL import Image

from inception_hub.errors import HandleError, InputError
from inception_hub.images.given import as_many, check_paths, named_photos


def names(images: object) -> list[str]:
    return [name for name, _ in named_photos(images)]  # type: ignore[arg-type]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(2):
        (tmp_path / f"{number}.png").write_bytes(png(number))
    return tmp_path


def test_one_or_many(folder: Path) -> None:
    paths = [str(folder / "0.png"), str(folder / "1.png")]
    assert names(folder / "0.png") == paths[:1]
    assert names(folder) == names(str(folder / "*.png")) == names(paths) == names(np.array(paths)) == paths
    assert names(iter(paths)) == names(map(Path, paths)) == paths
    assert names([]) == []


def test_what_has_no_path_is_called_by_its_number(folder: Path) -> None:
    with (folder / "0.png").open("rb") as opened, Image.open(folder / "1.png") as image:
        given = [b"...", io.BytesIO(), Image.new("RGB", (1, 1)), RGB, opened, image]
        numbered = [f"image {number}" for number in range(1, 5)]
        assert names(given) == [*numbered, str(folder / "0.png"), str(folder / "1.png")]
    assert names(b"...") == names(RGB) == names(io.BytesIO()) == ["image 1"]
    assert names(np.stack([RGB, RGB])) == ["image 1", "image 2"]


def test_arrays_become_pictures() -> None:
    ((_, picture),) = named_photos(RGB)
    assert isinstance(picture, Image.Image) and np.array_equal(np.asarray(picture), RGB)
    for wrong in (RGB[..., :2], RGB[..., 0], RGB.astype(np.float32), RGB[:0]):
        with pytest.raises(InputError, match="images holds an array of"):
            names([wrong])


def test_paths_are_checked_before_a_photo_is_read(folder: Path) -> None:
    (folder / "empty").mkdir()
    with pytest.raises(HandleError, match="holds no photo"):
        check_paths([folder, folder / "empty"])
    once = iter([folder / "empty"])
    check_paths(once)
    assert list(once) == [folder / "empty"], "an iterator is left as it is"


def test_text_is_one_thing() -> None:
    assert list(as_many("tabby")) == ["tabby"] and list(as_many(3)) == [3]
    assert list(as_many(("tabby", 3))) == ["tabby", 3]
