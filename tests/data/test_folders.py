"""Photos in a folder for each class: names, classes, fingerprints, and files that cannot be read."""

import os
from pathlib import Path

import numpy as np
import pytest
from helpers.dataset_files import class_folders, contents
from helpers.dataset_photos import png

from inception_hub.data import PhotoFiles, decode_split, open_dataset
from inception_hub.data.folders import within
from inception_hub.errors import ImageError


def test_class_folders(tmp_path: Path) -> None:
    # Names that `datasets` would take for wildcards and for splits.
    root = class_folders(tmp_path / "my [photos] *", {"test": 2, "train": 2, "n01443537": 1})
    (root / "rose.txt").write_text("no photo")
    (root / "labels.txt").write_text("test\nn01443537\ntrain\n")  # tells that they are classes
    data = open_dataset(str(root))
    assert data.name == "my [photos] *"
    assert data.labels.names == ("n01443537", "test", "train")
    assert data.labels.wordnet_ids == ("n01443537", None, None)
    assert data.counts() == {"train": {"n01443537": 1, "test": 2, "train": 2}}
    assert contents(data) == [png(5), png(1), png(2), png(3), png(4)]
    assert data.splits["train"].name(1) == str(root / "test" / "0.png")
    assert data.splits["train"].classes.dtype == np.int64


def test_a_folder_s_fingerprint_stays_what_it_was(tmp_path: Path) -> None:
    """Runs and decoded photos of earlier versions are found by it."""
    root = tmp_path / "flowers"
    class_folders(root / "Train", {"daisy": 2, "rose": 3, "n01443537": 1})
    class_folders(root / "val", {"daisy": 1, "rose": 1}, seed=10)
    for photo in root.rglob("*.png"):
        os.utime(photo, ns=(10**18, 10**18))
    expected = "1e2f6efff3e51485a3212a99ad0bb1bf8d375786046dbce982faa6cad85b1eef"
    assert open_dataset(root).fingerprint == expected


def test_moving_the_folder_changes_no_fingerprint_but_touching_a_photo_does(tmp_path: Path) -> None:
    root = class_folders(tmp_path / "flowers")
    before = open_dataset(root).fingerprint
    root.rename(tmp_path / "moved")
    assert open_dataset(tmp_path / "moved").fingerprint == before
    os.utime(tmp_path / "moved" / "rose" / "0.png", ns=(1, 1))
    assert open_dataset(tmp_path / "moved").fingerprint != before


def test_a_changed_folder_is_read_anew(tmp_path: Path) -> None:
    root = class_folders(tmp_path / "flowers")
    first = open_dataset(root)
    (root / "rose" / "2.png").rename(root / "daisy" / "2.png")
    second = open_dataset(root)
    assert second.counts() == {"train": {"daisy": 3, "rose": 2}}
    assert first.fingerprint != second.fingerprint


def test_a_photo_of_a_folder_that_cannot_be_read_costs_itself(tmp_path: Path) -> None:
    root = class_folders(tmp_path / "flowers")
    (root / "rose" / "gone.png").symlink_to("nowhere")
    train = open_dataset(root).splits["train"]
    assert len(train.fingerprint) == 64 and len(train.content_hashes()) == 6
    pixels = decode_split(train, None, 8)
    assert len(pixels.images) == 5 and "gone.png cannot be read (No such file" in pixels.corrupt[0]


def test_a_file_that_is_gone_has_a_name_and_a_stamp_but_no_bytes(tmp_path: Path) -> None:
    photos = PhotoFiles([str(tmp_path / "gone.png"), "no\0path.png"], tmp_path)
    assert photos.name(0) == str(tmp_path / "gone.png")
    assert photos.stamp(0) == b"gone.png" and photos.stamp(1) == b"no\0path.png"
    for row in range(2):
        with pytest.raises(ImageError, match="cannot be read .*; give an image file"):
            photos.encoded(row)


def test_names_that_are_numbers_or_no_text_are_classes_like_others(tmp_path: Path) -> None:
    odd = b"caf\xe9".decode("utf-8", "surrogateescape")
    data = open_dataset(class_folders(tmp_path / "odd", {"10": 1, "9": 2, odd: 1}))
    assert data.labels.names == ("10", "9", "caf\\udce9")  # as it can be written into a module
    assert data.splits["train"].classes.tolist() == [0, 1, 1, 2]
    assert len(data.fingerprint) == 64


@pytest.mark.parametrize(
    ("root", "path"),
    [("data", "data/a/1.png"), ("/", "/a/1.png"), (None, "a/1.png"), ("dat", "data/a/1.png")],
)
def test_a_path_from_a_folder_on(root: str | None, path: str) -> None:
    """Also from a whole disk on, such as a camera's card on Windows."""
    given = path.replace("/", os.sep)
    expected = "data/a/1.png" if root == "dat" else "a/1.png"
    assert within(given, None if root is None else Path(root)) == expected
