"""What lies beside the photos of a data set is said: other files and photos, empty folders, other shards."""

from pathlib import Path

import pytest
from helpers.dataset_files import class_folders, parquet, tar
from helpers.dataset_photos import png

from inception_hub.data import open_dataset


def touched(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


def test_of_folders_everything_that_is_not_read_is_counted_and_named(tmp_path: Path) -> None:
    root = class_folders(tmp_path / "flowers")
    assert open_dataset(root).notes == ()
    touched(root, *(f"rose/{n}.heic" for n in range(8)), *(f"daisy/{n}.MOV" for n in range(4)), "README")
    touched(root, ".hidden.txt", ".git/config", "labels.txt")
    (root / "labels.txt").write_text("daisy\nrose\n")
    (root / "loose.png").write_bytes(png(90))
    (root / "tulips").mkdir()
    (root / "rose" / "later").mkdir()
    assert open_dataset(root).notes == (
        "13 files are not read, being no photos by their names: 8 .heic, 4 .mov, 1 without an ending.",
        "1 photo is not read, in no class's folder: loose.png.",
        "2 folders hold no photo: tulips; rose/later.",
    )


def test_of_splits_the_folders_beside_them_are_named(tmp_path: Path) -> None:
    class_folders(tmp_path / "train")
    class_folders(tmp_path / "val", seed=10)
    (tmp_path / "val" / "tulips").mkdir()
    class_folders(tmp_path, {"orchid": 7}, seed=20)
    assert open_dataset(tmp_path).notes == (
        "7 photos are not read, in no class's folder: orchid/0.png; orchid/1.png; orchid/2.png; "
        "orchid/3.png; orchid/4.png and 2 more.",
        "2 folders hold no photo: orchid; val/tulips.",
    )


@pytest.mark.parametrize("suffix", ["parquet", "tar"])
def test_shards_that_no_split_takes_are_named(tmp_path: Path, suffix: str) -> None:
    for name in ("train-0", "val-0", "extra-0", "more"):
        if suffix == "parquet":
            parquet(tmp_path / f"{name}.parquet", ["a", "b"])
        else:
            tar(tmp_path / f"{name}.tar", [{"png": png(n), "cls": str(n).encode()} for n in range(2)])
    note = f"2 files are not read, named after no split: extra-0.{suffix}; more.{suffix}."
    assert open_dataset(tmp_path).notes == (note,)
    for name in ("train-0", "val-0", "extra-0"):
        (tmp_path / f"{name}.{suffix}").unlink()
    assert open_dataset(tmp_path).notes == ()


def test_columns_that_are_not_read_are_named(tmp_path: Path) -> None:
    root = class_folders(tmp_path / "flowers")
    rows = [f"{path},{path.parent.name},Ann,2024" for path in sorted(root.rglob("*.png"))]
    (tmp_path / "list.csv").write_text("\n".join(["path,label,taken by,year", *rows]))
    assert open_dataset(tmp_path / "list.csv").notes == ("2 columns are not read: taken by; year.",)
    held = class_folders(tmp_path / "held", seed=10)
    touched(held, "rose/notes.txt")
    assert open_dataset(tmp_path / "list.csv", validation=held).notes == (
        "2 columns are not read: taken by; year.",
        "1 file is not read, being no photos by their names: 1 .txt.",
    )
