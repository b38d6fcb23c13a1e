"""Every kind of data: folders by ourselves, the others through Hugging Face `datasets`; what is no use."""

import io
import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.dataset_photos import png
from helpers.places import SHARED

from inception_hub.data import Dataset, decode_split, open_dataset
from inception_hub.errors import DownloadError, FormatError, HandleError, InceptionHubError, MissingExtraError

COUNTS = {"daisy": 2, "rose": 3}


def class_folders(root: Path, counts: Mapping[str, int] = COUNTS, seed: int = 0) -> Path:
    for name, count in counts.items():
        (root / name).mkdir(parents=True)
        for i in range(count):
            seed += 1
            (root / name / f"{i}.png").write_bytes(png(seed))
    return root


def parquet(path: Path, labels: list[Any], *, bare: bool = False, seed: int = 0) -> Path:
    import pyarrow as pa
    import pyarrow.parquet

    photos = [png(seed + i) for i in range(len(labels))]
    images: Any = photos if bare else [{"bytes": photo, "path": "a.png"} for photo in photos]
    pyarrow.parquet.write_table(pa.table({"image": images, "label": labels}), path)
    return path


def tar(path: Path, records: list[dict[str, bytes]]) -> Path:
    with tarfile.open(path, "w") as file:
        for i, record in enumerate(records):
            for extension, content in record.items():
                member = tarfile.TarInfo(f"{i:04}.{extension}")
                member.size = len(content)
                file.addfile(member, io.BytesIO(content))
    return path


def contents(data: Dataset, split: str = "train") -> list[bytes]:
    part = data.splits[split]
    return [part.encoded(i) for i in range(len(part))]


def test_class_folders(tmp_path: Path) -> None:
    # Names that `datasets` would take for wildcards and for splits.
    root = class_folders(tmp_path / "my [photos] *", {"test": 2, "train": 2, "n01443537": 1})
    (root / "rose.txt").write_text("no photo")
    data = open_dataset(str(root))
    assert data.name == "my [photos] *"
    assert data.labels.names == ("n01443537", "test", "train")
    assert data.labels.wordnet_ids == ("n01443537", None, None)
    assert data.counts() == {"train": {"n01443537": 1, "test": 2, "train": 2}}
    assert contents(data) == [png(5), png(1), png(2), png(3), png(4)]
    assert data.splits["train"].name(1) == str(root / "test" / "0.png")
    assert data.splits["train"].classes.dtype == np.int64


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


def test_a_folder_s_fingerprint_stays_what_it_was(tmp_path: Path) -> None:
    """Runs and decoded photos of earlier versions are found by it."""
    root = tmp_path / "flowers"
    class_folders(root / "Train", {"daisy": 2, "rose": 3, "n01443537": 1})
    class_folders(root / "val", {"daisy": 1, "rose": 1}, seed=10)
    for photo in root.rglob("*.png"):
        os.utime(photo, ns=(10**18, 10**18))
    expected = "1e2f6efff3e51485a3212a99ad0bb1bf8d375786046dbce982faa6cad85b1eef"
    assert open_dataset(root).fingerprint == expected


def test_a_changed_folder_is_read_anew(tmp_path: Path) -> None:
    root = class_folders(tmp_path / "flowers")
    first = open_dataset(root)
    (root / "rose" / "2.png").rename(root / "daisy" / "2.png")
    second = open_dataset(root)
    assert second.counts() == {"train": {"daisy": 3, "rose": 2}}
    assert first.fingerprint != second.fingerprint


def test_a_changed_file_is_read_anew(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    file = parquet(tmp_path / "train.parquet", ["a", "b"])
    before = file.stat()
    open_dataset(file, cache_dir=cache)
    parquet(file, ["a", "b"], seed=7)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns + 1))  # within the same second
    assert contents(open_dataset(file, cache_dir=cache)) == [png(7), png(8)]
    assert all(len(list(source.iterdir())) == 1 for source in cache.iterdir())
    open_dataset(parquet(tmp_path / "other.parquet", ["a", "b"]), cache_dir=cache)
    assert len(list(cache.iterdir())) == 2  # a neighbour is not an earlier state


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
    found = decode_split(data.splits["train"], None, 8)
    assert len(found.images) == 3 and "gone.png cannot be read (No such file" in found.corrupt[0]
    (tmp_path / "list.csv").write_text("file,class\na,b\n")
    with pytest.raises(FormatError, match="no column of images among file, class; name one .*path"):
        open_dataset(tmp_path / "list.csv")
    (tmp_path / "list.csv").write_text("path,kind\na,b\n")
    with pytest.raises(FormatError, match="no column of labels among path, kind; name one label"):
        open_dataset(tmp_path / "list.csv")


def test_tar_shards(tmp_path: Path) -> None:
    tar(tmp_path / "train-0000.tar", [{"png": png(0), "cls": b"1"}, {"png": png(1), "cls": b"0"}])
    tar(tmp_path / "train-0001.tar", [{"png": png(2), "cls": b"1"}])
    tar(tmp_path / "val-0000.tar", [{"png": png(3), "cls": b"0"}])
    (tmp_path / "labels.txt").write_text("daisy\nrose\n")
    data = open_dataset(tmp_path)
    assert data.counts() == {"train": {"daisy": 1, "rose": 2}, "validation": {"daisy": 1, "rose": 0}}
    assert contents(data) == [png(0), png(1), png(2)]
    assert data.splits["train"].name(2) == "train-0001.tar#0000.png"


def test_one_tar_with_json(tmp_path: Path) -> None:
    records = [{"json": json.dumps({"label": name}).encode(), "jpg": png(i)} for i, name in enumerate("ba")]
    data = open_dataset(tar(tmp_path / "x.tar", records))
    assert data.labels.names == ("a", "b")
    assert data.splits["train"].classes.tolist() == [1, 0]


def test_validation_and_test_from_elsewhere(tmp_path: Path) -> None:
    train = class_folders(tmp_path / "train")
    held = class_folders(tmp_path / "held", {"daisy": 1, "rose": 1}, seed=10)
    data = open_dataset(train, validation=held, test=str(held))
    assert contents(data, "validation") == contents(data, "test") == [png(11), png(12)]
    (held / "rose").rename(held / "ruse")
    with pytest.raises(FormatError, match="Class 1 is 'ruse' in .*held and 'rose' in the training data"):
        open_dataset(train, validation=held)


def nothing(root: Path) -> Path:
    return root / "nothing"


def empty(root: Path) -> Path:
    return root


def photos_without_classes(root: Path) -> Path:
    (root / "a.png").write_bytes(png(0))
    return root


def one_class(root: Path) -> Path:
    return class_folders(root, {"rose": 3})


def too_deep(root: Path) -> Path:
    return class_folders(root, {"rose": 1, "daisy": 1, "daisy/white": 1})


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


def no_train(root: Path) -> Path:
    class_folders(root / "test")
    return root


@pytest.mark.parametrize(
    "make, kind, message",
    [
        (nothing, HandleError, "does not exist; give a folder"),
        (empty, HandleError, "holds no images.*; give a folder"),
        (photos_without_classes, HandleError, "holds no images.*one folder of photos per class"),
        (one_class, FormatError, r"one class only \('rose'\); fine-tuning needs two or more"),
        (too_deep, FormatError, "daisy/white holds photos inside the folder of a class; put them"),
        (other_file, HandleError, "a.zip is no data set; give"),
        (damaged_parquet, FormatError, r"train-0.parquet cannot be read \(.*Parquet.*\); give"),
        (damaged_tar, FormatError, r"a.tar cannot be read \(.*\); give"),
        (label_missing, FormatError, "label of photo 1 of the train split of .* is None; give"),
        (no_train, FormatError, "has a test split but no train split"),
    ],
)
def test_no_use(make: Any, kind: type[InceptionHubError], message: str, tmp_path: Path) -> None:
    with pytest.raises(kind, match=message):
        open_dataset(make(tmp_path))


def test_hub_without_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INCEPTION_HUB_OFFLINE", "1")
    for name in ("owner/name", "hf://owner/name"):
        with pytest.raises(DownloadError, match="INCEPTION_HUB_OFFLINE forbids"):
            open_dataset(name)


def test_local_data_needs_no_network_and_is_quiet(tmp_path: Path) -> None:
    class_folders(tmp_path / "flowers")
    code = f"""
import socket, sys
def refuse(*a, **k): raise SystemExit(f"network: {{a}}")
socket.socket.connect = socket.getaddrinfo = refuse
from inception_hub.data import open_dataset, split_dataset
assert not {{"datasets", "pyarrow", "torch"}} & set(sys.modules)
assert open_dataset({str(tmp_path / "flowers")!r}).counts() == {{"train": {COUNTS}}}
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


def test_only_folders_need_no_datasets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    data = open_dataset(class_folders(tmp_path / "flowers"))
    assert contents(data) == [png(1), png(2), png(3), png(4), png(5)]
    (tmp_path / "list.csv").write_text("path,label\na.png,a\nb.png,b\n")
    with pytest.raises(MissingExtraError, match=r"pip install 'inception-hub\[train\]', or give a folder"):
        open_dataset(tmp_path / "list.csv")


def test_a_photo_of_a_folder_that_cannot_be_read_costs_itself(tmp_path: Path) -> None:
    root = class_folders(tmp_path / "flowers")
    (root / "rose" / "gone.png").symlink_to("nowhere")
    train = open_dataset(root).splits["train"]
    assert len(train.fingerprint) == 64 and len(train.content_hashes()) == 6
    found = decode_split(train, None, 8)
    assert len(found.images) == 5 and "gone.png cannot be read (No such file" in found.corrupt[0]


def test_names_that_are_numbers_or_no_text_are_classes_like_others(tmp_path: Path) -> None:
    odd = b"caf\xe9".decode("utf-8", "surrogateescape")
    data = open_dataset(class_folders(tmp_path / "odd", {"10": 1, "9": 2, odd: 1}))
    assert data.labels.names == ("10", "9", odd)
    assert data.splits["train"].classes.tolist() == [0, 1, 1, 2]
    assert len(data.fingerprint) == 64


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs shared/data")
def test_flower_photos() -> None:
    data = open_dataset(SHARED / "data" / "flower-photos")
    assert data.labels.names == ("daisy", "dandelion", "roses", "sunflowers", "tulips")
    assert {name: len(split) for name, split in data.splits.items()} == {"train": 3119, "validation": 551}
    found = decode_split(data.splits["validation"].subset(range(8)), None, 32)
    assert len(found.images) == 8 and not found.corrupt
