"""Every kind of data set through `open_dataset`, and what is refused."""

import os
from pathlib import Path
from typing import Any

import pytest
from helpers.dataset_files import class_folders, contents, parquet, tar
from helpers.dataset_photos import png
from helpers.places import SHARED

from inception_hub.data import decode_split, open_dataset, opening
from inception_hub.errors import FormatError, HandleError, InceptionHubError


def test_nested_splits_and_what_counts_as_data_changed(tmp_path: Path) -> None:
    root = tmp_path / "flowers"
    class_folders(root / "Train")
    class_folders(root / "val", {"daisy": 1, "rose": 1}, seed=10)
    class_folders(root / "test", {"rose": 1}, seed=20)
    data = open_dataset(root)
    assert data.counts() == {
        "train": {"daisy": 2, "rose": 3},
        "validation": {"daisy": 1, "rose": 1},
        "test": {"daisy": 0, "rose": 1},
    }
    assert open_dataset(root).fingerprint == data.fingerprint
    root.rename(tmp_path / "moved")
    assert open_dataset(tmp_path / "moved").fingerprint == data.fingerprint
    photo = tmp_path / "moved" / "val" / "rose" / "0.png"
    os.utime(photo, ns=(1, 1))
    assert open_dataset(tmp_path / "moved").fingerprint != data.fingerprint


def test_parquet_with_names_beside(tmp_path: Path) -> None:
    parquet(tmp_path / "train-00000-of-00002.parquet", [0, 2])
    parquet(tmp_path / "train-00001-of-00002.parquet", [0], seed=10)
    parquet(tmp_path / "valid-00000-of-00001.parquet", [2], seed=20)
    (tmp_path / "labels.txt").write_text("goldfish\nshark\nhen\n")
    (tmp_path / "wnids.txt").write_text("n01443537\nn01484850\nn01514668\n")
    data = open_dataset(tmp_path)
    assert data.labels.names == ("goldfish", "shark", "hen")
    assert data.labels.wordnet_ids == ("n01443537", "n01484850", "n01514668")
    assert data.splits["train"].classes.tolist() == [0, 2, 0]
    assert data.splits["train"].name(2) == "train-00001-of-00002.parquet#0"
    assert contents(data) == [png(0), png(1), png(10)] and contents(data, "validation") == [png(20)]
    assert open_dataset(tmp_path).fingerprint == data.fingerprint
    (tmp_path / "labels.txt").write_text("goldfish\nshark\n")
    (tmp_path / "wnids.txt").unlink()
    with pytest.raises(
        FormatError, match="Photo 1 of the train split.* has label 2.*2 class names; give 0 to 1"
    ):
        open_dataset(tmp_path)


def test_tar_shards(tmp_path: Path) -> None:
    tar(tmp_path / "train-0000.tar", [{"png": png(0), "cls": b"1"}, {"png": png(1), "cls": b"0"}])
    tar(tmp_path / "train-0001.tar", [{"png": png(2), "cls": b"1"}])
    tar(tmp_path / "val-0000.tar", [{"png": png(3), "cls": b"0"}])
    (tmp_path / "labels.txt").write_text("daisy\nrose\n")
    data = open_dataset(tmp_path)
    assert data.counts() == {"train": {"daisy": 1, "rose": 2}, "validation": {"daisy": 1, "rose": 0}}
    assert contents(data) == [png(0), png(1), png(2)]
    assert data.splits["train"].name(2) == "train-0001.tar#0000.png"


def folders_of(root: Path, split: str) -> Path:
    class_folders(root / split)
    return root


def parquet_of(root: Path, split: str) -> Path:
    parquet(root / f"{split}-00000-of-00001.parquet", [0, 0, 1, 1, 1], seed=1)
    (root / "labels.txt").write_text("daisy\nrose\n")
    return root


def shards_of(root: Path, split: str) -> Path:
    photos = [{"png": png(seed), "cls": str(int(seed > 2)).encode()} for seed in range(1, 6)]
    tar(root / f"{split}-0000.tar", photos)
    (root / "labels.txt").write_text("daisy\nrose\n")
    return root


@pytest.mark.parametrize("split", ["validation", "test"])
@pytest.mark.parametrize("make", [folders_of, parquet_of, shards_of])
def test_data_to_measure_on_needs_no_training_split(make: Any, split: str, tmp_path: Path) -> None:
    (tmp_path / "held").mkdir()
    root = make(tmp_path / "held", split)
    data = open_dataset(root, to_train=False)
    assert data.counts() == {split: {"daisy": 2, "rose": 3}}
    assert contents(data, split) == [png(seed) for seed in range(1, 6)]
    with pytest.raises(FormatError, match=f"has a {split} split but no train split; add one, or give"):
        open_dataset(root)
    train = class_folders(tmp_path / "train", seed=10)
    assert contents(open_dataset(train, validation=root), "validation") == contents(data, split)


def test_one_class_can_be_measured(tmp_path: Path) -> None:
    assert open_dataset(one_class(tmp_path), to_train=False).labels.names == ("rose",)


def test_validation_from_elsewhere(tmp_path: Path) -> None:
    train = class_folders(tmp_path / "train")
    held = class_folders(tmp_path / "held", {"daisy": 1, "rose": 1}, seed=10)
    for given in (held, str(held)):
        data = open_dataset(train, validation=given)
        assert contents(data, "validation") == [png(11), png(12)]
        assert data.counts()["train"] == {"daisy": 2, "rose": 3}
    (held / "rose").rename(held / "ruse")
    with pytest.raises(FormatError, match="Class 'ruse' of .*held is none of the training data"):
        open_dataset(train, validation=held)


def test_a_validation_set_may_lack_a_class_and_count_others_first(tmp_path: Path) -> None:
    train = class_folders(tmp_path / "train")
    held = class_folders(tmp_path / "held", {"rose": 1}, seed=10)
    split = open_dataset(train, validation=held).splits["validation"]
    assert split.classes.tolist() == [1]


def test_of_data_with_splits_only_its_validation_split_validates(tmp_path: Path) -> None:
    train = class_folders(tmp_path / "train")
    class_folders(tmp_path / "other" / "train")
    class_folders(tmp_path / "other" / "test", seed=20)
    with pytest.raises(FormatError, match="has the splits train, test but no validation; give data that has"):
        open_dataset(train, validation=tmp_path / "other")
    class_folders(tmp_path / "other" / "val", {"daisy": 1, "rose": 1}, seed=10)
    data = open_dataset(train, validation=tmp_path / "other")
    assert contents(data, "validation") == [png(11), png(12)]


def test_a_test_split_of_the_hub_without_classes_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Competitions publish test photos without their classes, as -1 or missing."""
    datasets = pytest.importorskip("datasets")
    features = datasets.Features(image=datasets.Value("binary"), label=datasets.Value("int64"))

    def table(labels: list[int | None]) -> Any:
        photos = [png(seed) for seed in range(len(labels))]
        return datasets.Dataset.from_dict({"image": photos, "label": labels}, features)

    tables = {"train": table([0, 1]), "Test": table([-1, None]), "extra": table([0])}
    monkeypatch.setattr(opening, "load_hub", lambda name: tables if name == "owner/name" else {})
    data = open_dataset("hf://datasets/owner/name")
    assert data.name == "name" and list(data.splits) == ["train"]
    assert data.notes == (
        "1 photo is not read, in splits of other names: extra.",
        "The test split has no labels and is not read.",
    )
    assert contents(data) == [png(0), png(1)] and data.splits["train"].name(1) == "train#1"
    tables["Test"] = table([1, 0])
    assert list(open_dataset("owner/name").splits) == ["train", "test"]


def nothing(root: Path) -> Path:
    return root / "nothing"


def empty(root: Path) -> Path:
    return root


def photos_without_classes(root: Path) -> Path:
    (root / "a.png").write_bytes(png(0))
    return root


def one_class(root: Path) -> Path:
    return class_folders(root, {"rose": 3})


def other_file(root: Path) -> Path:
    (root / "a.zip").write_bytes(b"")
    return root / "a.zip"


def damaged_parquet(root: Path) -> Path:
    file = parquet(root / "train-0.parquet", ["a", "b"])
    file.write_bytes(file.read_bytes()[:-20])
    return root


def damaged_tar(root: Path) -> Path:
    (root / "a.tar").write_bytes(b"no tar" * 200)
    return root


def label_missing(root: Path) -> Path:
    return parquet(root / "a.parquet", ["a", None, "b"])


def pipe(root: Path) -> Path:
    os.mkfifo(root / "a.csv")
    return root / "a.csv"


def no_train(root: Path) -> Path:
    class_folders(root / "test")
    return root


@pytest.mark.parametrize(
    "make, kind, message",
    [
        (nothing, HandleError, "does not exist; give a folder"),
        (pipe, HandleError, "a.csv is no regular file; give a folder"),
        (empty, HandleError, "holds no images.*; give a folder"),
        (
            photos_without_classes,
            HandleError,
            "holds photos, but none in a folder that names.*one folder of photos",
        ),
        (one_class, FormatError, r"one class only \('rose'\); fine-tuning needs two or more"),
        (other_file, HandleError, "a.zip is no data set; give"),
        (damaged_parquet, FormatError, r"train-0.parquet cannot be read \(.*Parquet.*\); give"),
        (damaged_tar, FormatError, r"a.tar cannot be read \(.*\); give"),
        (label_missing, FormatError, "label of photo 1 of the train split of .* is None; give"),
        (no_train, FormatError, "has a test split but no train split"),
    ],
)
def test_other_data_is_refused(
    make: Any, kind: type[InceptionHubError], message: str, tmp_path: Path
) -> None:
    with pytest.raises(kind, match=message):
        open_dataset(make(tmp_path))


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs shared/data")
def test_flower_photos() -> None:
    data = open_dataset(SHARED / "data" / "flower-photos")
    assert data.labels.names == ("daisy", "dandelion", "roses", "sunflowers", "tulips")
    assert {name: len(split) for name, split in data.splits.items()} == {"train": 3119, "validation": 551}
    pixels = decode_split(data.splits["validation"].subset(range(8)), None, 32)
    assert len(pixels.images) == 8 and not pixels.corrupt
