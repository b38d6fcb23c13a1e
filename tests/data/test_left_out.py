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
    touched(root, *(f"rose/{n}.mov" for n in range(8)), *(f"daisy/{n}.CR2" for n in range(4)), "README")
    touched(root, ".hidden.txt", ".git/config", "@eaDir/a.png/b.png")
    (root / "labels.txt").write_text("daisy\nrose\n")
    (root / "loose.png").write_bytes(png(90))
    (root / "tulips").mkdir()
    (root / "rose" / "later").mkdir()
    assert open_dataset(root).notes == (
        "13 files are not read, being no photos by their names: 8 .mov, 4 .cr2, 1 without an ending.",
        "1 photo is not read, in no class's folder: loose.png.",
        "2 folders hold no photo: tulips; rose/later.",
    )


def test_an_empty_folder_of_a_class_in_one_split(tmp_path: Path) -> None:
    class_folders(tmp_path / "train")
    class_folders(tmp_path / "val", {"daisy": 1}, seed=10)
    (tmp_path / "val" / "rose").mkdir()
    assert open_dataset(tmp_path).notes == ("1 folder holds no photo: val/rose.",)


def test_photos_that_no_metadata_lists_are_named(tmp_path: Path) -> None:
    for seed in range(8):
        (tmp_path / f"{seed}.png").write_bytes(png(seed))
    (tmp_path / "metadata.csv").write_text("file_name,label,year\n0.png,a,2024\n1.png,b,2023\n")
    assert open_dataset(tmp_path).notes == (
        "6 photos are not read, in no table of metadata: 2.png; 3.png; 4.png; 5.png; 6.png and 1 more.",
        "1 column is not read: year.",
    )


@pytest.mark.parametrize("suffix", ["parquet", "tar"])
def test_shards_of_other_splits_are_named(tmp_path: Path, suffix: str) -> None:
    for name in ("train-0", "val-0", "extra-0", "more"):
        if suffix == "parquet":
            parquet(tmp_path / f"{name}.parquet", ["a", "b"])
        else:
            tar(tmp_path / f"{name}.tar", [{"png": png(n), "cls": str(n).encode()} for n in range(2)])
    names = "extra-0; more" if suffix == "parquet" else "others"
    note = f"4 photos are not read, in splits of other names: {names}."
    assert open_dataset(tmp_path).notes == (note,)
    for name in ("train-0", "val-0", "extra-0"):
        (tmp_path / f"{name}.{suffix}").unlink()
    assert open_dataset(tmp_path).notes == ()


def test_columns_that_are_not_read_are_named(tmp_path: Path) -> None:
    root = class_folders(tmp_path / "flowers")
    rows = [f"{n},{path},{path.parent.name},Ann,2024" for n, path in enumerate(sorted(root.rglob("*.png")))]
    (tmp_path / "list.csv").write_text("\n".join([",path,label,taken by,year", *rows]))
    assert open_dataset(tmp_path / "list.csv").notes == ("2 columns are not read: taken by; year.",)
    held = class_folders(tmp_path / "held", seed=10)
    touched(held, "rose/notes.txt")
    assert open_dataset(tmp_path / "list.csv", validation=held).notes == (
        "2 columns are not read: taken by; year.",
        "1 file is not read, being no photo by its name: 1 .txt.",
    )
