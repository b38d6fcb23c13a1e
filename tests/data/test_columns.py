"""Photos and labels from tables, whatever their columns are called."""

import json
from pathlib import Path
from typing import Any

import pytest
from helpers.dataset_files import class_folders, contents, parquet, tar
from helpers.dataset_photos import png

from inception_hub.data import decode_split, open_dataset
from inception_hub.data.columns import labels_of, photos_of
from inception_hub.errors import FormatError, ImageError

datasets = pytest.importorskip("datasets")


def table(**columns: Any) -> Any:
    return datasets.Dataset.from_dict(columns)


def test_one_parquet_of_bare_bytes_and_numbers(tmp_path: Path) -> None:
    data = open_dataset(parquet(tmp_path / "x.parquet", [10, 9, 10], bare=True))
    assert data.labels.names == ("9", "10")
    assert data.splits["train"].classes.tolist() == [1, 0, 1]
    assert contents(data) == [png(0), png(1), png(2)]


def test_csv_and_a_missing_file(tmp_path: Path) -> None:
    class_folders(tmp_path / "photos")
    away = tmp_path / "away.png"
    away.write_bytes(png(99))
    rows = ["photos/daisy/0.png,NA", f"{away},007", "photos/rose/0.png,NA", "photos/gone.png,7"]
    (tmp_path / "list.csv").write_text("extra,path,label\n" + "".join(f"1,{row}\n" for row in rows))
    data = open_dataset(tmp_path / "list.csv")
    assert data.labels.names == ("007", "7", "NA")
    assert data.splits["train"].classes.tolist() == [2, 0, 2, 1]
    assert data.splits["train"].encoded(1) == png(99)
    assert data.splits["train"].encoded(2) == png(3)
    pixels = decode_split(data.splits["train"], None, 8)
    assert len(pixels.images) == 3 and "gone.png cannot be read (No such file" in pixels.corrupt[0]
    (tmp_path / "list.csv").write_text("file,class\na,b\n")
    with pytest.raises(FormatError, match="no column of images among file, class in .*csv; name one .*path"):
        open_dataset(tmp_path / "list.csv")
    (tmp_path / "list.csv").write_text("path,kind\na,b\n")
    with pytest.raises(FormatError, match="no column of labels among path, kind in .*csv; name one label"):
        open_dataset(tmp_path / "list.csv")


def test_one_tar_with_json(tmp_path: Path) -> None:
    records = [{"json": json.dumps({"label": name}).encode(), "jpg": png(i)} for i, name in enumerate("ba")]
    data = open_dataset(tar(tmp_path / "x.tar", records))
    assert data.labels.names == ("a", "b")
    assert data.splits["train"].classes.tolist() == [1, 0]


@pytest.mark.parametrize("column", ["label", "labels", "cls", "class"])
def test_labels_are_found_by_the_names_of_their_column(column: str) -> None:
    assert labels_of(table(**{"other": [9, 9], column: ["b", "a"]}), "train", []) == (["b", "a"], None)


def test_a_column_of_class_labels_brings_the_names() -> None:
    typed = table(kind=[1, 0]).cast_column("kind", datasets.ClassLabel(names=["cat", "dog"]))
    assert labels_of(typed, "train", []) == ([1, 0], ("cat", "dog"))


def test_rows_of_a_table_without_files_are_named_by_their_number() -> None:
    photos = photos_of(table(img=[png(0), None]), "train", [], None)
    assert photos.name(0) == "train#0"
    assert photos.encoded(0) == png(0) and photos.stamp(0) is None
    with pytest.raises(ImageError, match="train#1 has no image; give one a row"):
        photos.encoded(1)


def test_relative_paths_start_from_the_root(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png(3))
    photos = photos_of(table(path=["a.png"]), "train", ["list.csv"], tmp_path)
    assert photos.name(0) == str(tmp_path / "a.png") and photos.encoded(0) == png(3)
    assert (photos.stamp(0) or b"").startswith(b"a.png\0")
    from_hub = photos_of(table(path=["a.png"]), "train", [], None)
    with pytest.raises(ImageError, match="train#0 has no image"):
        from_hub.encoded(0)


def test_a_column_of_other_things_is_refused() -> None:
    with pytest.raises(FormatError, match="Column 'image' of the train split holds no images; give encoded"):
        photos_of(table(image=[1.5]), "train", [], None)
