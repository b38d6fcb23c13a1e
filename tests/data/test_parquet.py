"""Parquet files, read where they lie and a few rows at a time."""

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.dataset_files import class_folders, contents
from helpers.dataset_photos import png

from inception_hub.data import open_dataset
from inception_hub.data import parquet as module
from inception_hub.data.parquet import ParquetColumn, splits_of
from inception_hub.errors import FormatError, ImageError, InceptionHubError

pa = pytest.importorskip("pyarrow")
import pyarrow.parquet as pq  # noqa: E402


def write(path: Path, columns: dict[str, Any], **options: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path, **options)
    return path


def photos(count: int, start: int = 0) -> list[dict[str, Any]]:
    return [{"bytes": png(start + n), "path": f"{n}.png"} for n in range(count)]


def test_a_cloned_repository(tmp_path: Path) -> None:
    for split, start in (("train", 0), ("validation", 10), ("unsupervised", 20)):
        for shard in range(2):
            file = tmp_path / "data" / f"{split}-0000{shard}-of-00002.parquet"
            write(file, {"image": photos(2, start + 2 * shard), "label": [0, 1]})
    (tmp_path / "README.md").write_text("# A data set")
    data = open_dataset(tmp_path)
    assert list(data.splits) == ["train", "validation"]
    assert contents(data) == [png(n) for n in range(4)]
    assert contents(data, "validation") == [png(10 + n) for n in range(4)]


def test_splits_and_configurations_in_folders(tmp_path: Path) -> None:
    for folder in ("one/train", "one/test", "two/train"):
        write(tmp_path / folder / "0000.parquet", {"image": photos(2), "label": [0, 1]})
    assert list(open_dataset(tmp_path / "one").splits) == ["train", "test"]
    with pytest.raises(FormatError, match=r"holds several data sets \(one, two\); give the folder of one"):
        open_dataset(tmp_path)
    assert splits_of([str(tmp_path / "two/train/0000.parquet")], tmp_path) == ["train"]


def test_a_column_of_splits(tmp_path: Path) -> None:
    columns = {"image": photos(3), "label": ["a", "b", "b"], "split": ["train", "train", "val"]}
    data = open_dataset(write(tmp_path / "x.parquet", columns))
    assert contents(data) == [png(0), png(1)] and contents(data, "validation") == [png(2)]
    with pytest.raises(
        FormatError, match="split of photo 2 of .* is 'val' in column 'split' and train by its file"
    ):
        open_dataset(write(tmp_path / "train-0.parquet", columns))
    with pytest.raises(FormatError, match="is 'fold 3' in column 'split'; give train, validation or test"):
        open_dataset(write(tmp_path / "x.parquet", columns | {"split": ["train", "train", "fold 3"]}))


def test_hugging_faces_types_tell_columns_and_names(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    features = datasets.Features(
        text=datasets.Value("string"),
        picture=datasets.Image(),
        kind=datasets.ClassLabel(names=["cat", "dog"]),
    )
    rows = {"text": ["x", "y"], "picture": photos(2), "kind": [1, 0]}
    datasets.Dataset.from_dict(rows, features).to_parquet(str(tmp_path / "x.parquet"))
    data = open_dataset(tmp_path / "x.parquet")
    assert data.labels.names == ("cat", "dog") and data.splits["train"].classes.tolist() == [1, 0]
    assert contents(data) == [png(0), png(1)]


def test_photos_as_bytes_as_paths_and_as_both(tmp_path: Path) -> None:
    class_folders(tmp_path, {"photos": 2})
    paths = ["photos/0.png", "photos/1.png"]
    mixed = [{"bytes": None, "path": paths[0]}, {"bytes": png(9), "path": None}]
    for images, expected in (
        (paths, [png(1), png(2)]),
        ([png(5), png(6)], [png(5), png(6)]),
        (mixed, [png(1), png(9)]),
    ):
        data = open_dataset(write(tmp_path / "x.parquet", {"image": images, "label": ["a", "b"]}))
        assert contents(data) == expected and len(data.fingerprint) == 64
    assert data.splits["train"].name(0) == str(tmp_path / paths[0])
    assert data.splits["train"].name(1) == "x.parquet#1"


def test_categories_are_text(tmp_path: Path) -> None:
    labels = pa.array(["b", "a", "b"]).dictionary_encode()
    data = open_dataset(write(tmp_path / "x.parquet", {"image": photos(3), "label": labels}))
    assert data.labels.names == ("a", "b") and data.splits["train"].classes.tolist() == [1, 0, 1]


@pytest.mark.parametrize("group", [1, 7, 1000])
def test_rows_in_any_order_and_from_threads(tmp_path: Path, group: int) -> None:
    counts = [100, 0, 53]
    files = [str(write(tmp_path / f"{n}.parquet", {"image": [b"%d.%d" % (n, row) for row in range(count)]},
                       row_group_size=group)) for n, count in enumerate(counts)]  # fmt: skip
    expected = [b"%d.%d" % (n, row) for n, count in enumerate(counts) for row in range(count)]
    column = ParquetColumn(files, counts, "image")
    order = np.random.default_rng(0).permutation(len(expected))
    assert [column[row] for row in range(len(expected))] == expected
    assert [column[int(row)] for row in order] == [expected[row] for row in order]
    found: dict[int, bytes] = {}

    def read(rows: range) -> None:
        for row in rows:
            found[row] = column[row]

    threads = [threading.Thread(target=read, args=(range(n, len(expected), 4),)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[row] for row in range(len(expected))] == expected


def test_in_order_every_row_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = str(write(tmp_path / "x.parquet", {"image": [b"%d" % n for n in range(500)]}, row_group_size=50))
    column = ParquetColumn([file], [500], "image")
    begun: list[int] = []
    whole = ParquetColumn._from
    monkeypatch.setattr(ParquetColumn, "_from", lambda self, row: begun.append(row) or whole(self, row))
    ahead = [row + jitter for row in range(0, 490, 2) for jitter in (1, 0, 9)]  # as threads ask for them
    assert all(column[row] == b"%d" % row for row in ahead)
    assert begun == [1] and len(column._recent) <= module.RECENT


def test_files_that_are_gone_or_others(tmp_path: Path) -> None:
    file = write(tmp_path / "x.parquet", {"image": photos(2), "label": [0, 1]})
    split = open_dataset(file).splits["train"]
    file.unlink()
    with pytest.raises(ImageError, match=r"x.parquet cannot be read \(.*No such file"):
        split.encoded(0)
    write(tmp_path / "a.parquet", {"image": photos(2), "label": [0, 1]})
    for other, message in (
        (
            {"image": [b"a", b"b"], "label": [0, 1]},
            "Column 'image' is another in .*b.parquet than in .*a.parquet",
        ),
        ({"image": photos(2)}, "b.parquet cannot be read .*label"),
        ({"label": [0, 1]}, "b.parquet cannot be read .*image"),
    ):
        write(tmp_path / "b.parquet", other)
        with pytest.raises(FormatError, match=message):
            open_dataset(tmp_path)


@pytest.mark.parametrize(
    "columns, message",
    [
        (
            {"image": [1, 2], "label": [0, 1]},
            "Column 'image' of .* holds no images; give encoded images or paths",
        ),
        ({"label": [0, 1]}, "no column of images among label in .*x.parquet"),
        (
            {"image": [b"a", b"b"], "label": [0, -1]},
            "The label of photo 1 of the train split of .* is -1, which",
        ),
        (
            {"image": [b"a", b"b"], "label": [0.5, 1]},
            "The label of photo 0 .* is 0.5; give a whole number or text",
        ),
        ({"image": [b"a", b"b"], "label": [0, None]}, "The label of photo 1 .* is None"),
        (
            {"image": [b"a", b"b"], "label": [[0], [1]]},
            "Column 'label' of .* holds structures; give numbers or text",
        ),
    ],
)
def test_columns_that_are_none(columns: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=message):
        open_dataset(write(tmp_path / "x.parquet", columns))


def test_rows_of_nothing_are_refused(tmp_path: Path) -> None:
    """A few kilobytes may claim billions of them."""
    rows = 200_000
    nothing = {"image": pa.nulls(rows, pa.binary()), "label": pa.nulls(rows, pa.int64())}
    pq.write_table(pa.table(nothing), tmp_path / "x.parquet", compression="zstd")
    with pytest.raises(
        FormatError, match=r"x.parquet has 200,000 rows in [\d,]+ bytes; give at most 20,000,000"
    ):
        open_dataset(tmp_path)
    for name in ("metadata.parquet", "x.parquet"):
        (tmp_path / "x.parquet").rename(tmp_path / name)
        with pytest.raises(FormatError, match="has 200,000 rows in"):
            open_dataset(tmp_path / name)
        (tmp_path / name).rename(tmp_path / "x.parquet")


def test_texts_and_photos_that_stand_once_and_count_often(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a dictionary has them: few bytes of a file, many when it is read."""
    monkeypatch.setattr(module, "MAX_BYTES", 3_000_000)
    label = pa.array(["a" * 40_000])
    once = pa.DictionaryArray.from_arrays(pa.array([0, None] * 50, pa.int32()), label)
    path = write(tmp_path / "x.parquet", {"image": photos(100), "label": once})
    with pq.ParquetFile(path) as opened:
        read = module._read(opened, str(path), ["label"])["label"]
    assert read == ["a" * 40_000, None] * 50 and len({id(each) for each in read}) == 2
    path = write(tmp_path / "x.parquet", {"image": photos(100), "label": label.to_pylist() * 100})
    with pytest.raises(FormatError, match="x.parquet has texts of more than 3,000,000 bytes; give shorter"):
        open_dataset(path, to_train=False)
    photo = pa.array([png(0) + bytes(30_000)])
    same = pa.DictionaryArray.from_arrays(pa.array([0] * 100, pa.int32()), photo)
    path = write(tmp_path / "x.parquet", {"image": same.cast(pa.binary()), "label": [0, 1] * 50})
    monkeypatch.setattr(module, "HELD", 100_000)
    with pq.ParquetFile(path) as opened:
        assert {len(each) for each in module._batches(opened, str(path), [0], ["image"], 16)} == {3, 1}
        assert {len(each) for each in module._batches(opened, str(path), [0], ["label"], 16)} == {16, 4}
    assert contents(open_dataset(path)) == [photo[0].as_py()] * 100


def test_damaged_files_give_photos_or_a_sentence(tmp_path: Path) -> None:
    whole = write(tmp_path / "x.parquet", {"image": photos(4), "label": [0, 1, 0, 1]}).read_bytes()
    generator = np.random.RandomState(0)
    for number in range(200):
        damaged = bytearray(whole[: generator.randint(len(whole))] if number % 4 == 0 else whole)
        for position in generator.randint(0, len(damaged), 3) if damaged else ():
            damaged[position] = generator.randint(256)
        (tmp_path / "x.parquet").write_bytes(bytes(damaged))
        try:
            contents(open_dataset(tmp_path / "x.parquet"))
        except InceptionHubError as error:
            assert "\n" not in str(error)
