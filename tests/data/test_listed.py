"""Photos by the paths of a table; whole layouts: test_layouts.py."""

import os
from pathlib import Path

import pytest
from helpers.dataset_photos import png

from inception_hub.data import decode_split, open_dataset
from inception_hub.data.listed import ListedPhotos
from inception_hub.errors import ImageError


def test_a_missing_photo_costs_itself_and_paths_may_lie_outside(tmp_path: Path) -> None:
    away = tmp_path / "away.png"
    away.write_bytes(png(99))
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "a.png").write_bytes(png(0))
    (folder / "list.csv").write_text(f"path,label\na.png,NA\n{away},007\n../away.png,NA\ngone.png,7\n")
    split = open_dataset(folder / "list.csv").splits["train"]
    assert split.name(0) == str(folder / "a.png")
    assert split.encoded(1) == split.encoded(2) == png(99)
    pixels = decode_split(split, None, 8)
    assert len(pixels.images) == 3 and "gone.png cannot be read (No such file" in pixels.corrupt[0]


def test_a_name_that_fits_two_photos_is_neither(tmp_path: Path) -> None:
    for folder in ("x", "y"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.png").write_bytes(png(0))
    photos = ListedPhotos(
        [(str(tmp_path), "a.png"), (str(tmp_path), "Y/A.png"), (str(tmp_path), "")], tmp_path
    )
    assert photos.name(1) == str(tmp_path / "y" / "a.png") and photos.encoded(1) == png(0)
    for row in (0, 2):
        with pytest.raises(ImageError, match="cannot be read"):
            photos.encoded(row)


def test_a_photo_that_changes_changes_the_fingerprint_and_moving_all_does_not(tmp_path: Path) -> None:
    root = tmp_path / "data"
    (root / "images").mkdir(parents=True)
    for name in "ab":
        (root / "images" / f"{name}.png").write_bytes(png(ord(name)))
    (root / "metadata.csv").write_text("file_name,label\na.png,daisy\nb.png,rose\n")
    before = open_dataset(root).fingerprint
    root.rename(tmp_path / "moved")
    assert open_dataset(tmp_path / "moved").fingerprint == before
    os.utime(tmp_path / "moved" / "images" / "a.png", ns=(1, 1))
    assert open_dataset(tmp_path / "moved").fingerprint != before


def test_metadata_as_parquet(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet

    for name in "ab":
        (tmp_path / f"{name}.png").write_bytes(png(ord(name)))
    rows = pa.table({"file_name": ["b.png", "a.png"], "label": [1, 0]})
    pyarrow.parquet.write_table(rows, tmp_path / "metadata.parquet")
    data = open_dataset(tmp_path)
    assert [data.splits["train"].encoded(i) for i in range(2)] == [png(ord("b")), png(ord("a"))]
    assert data.splits["train"].classes.tolist() == [1, 0]
