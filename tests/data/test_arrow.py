"""Tables of Arrow: what `save_to_disk` wrote, and what the hub gives."""

import json
import os
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.dataset_files import class_folders, contents
from helpers.dataset_photos import png

from inception_hub.data import open_dataset
from inception_hub.data.arrow import TablePhotos, table_photos
from inception_hub.data.classes import number_classes
from inception_hub.errors import FormatError, ImageError

datasets = pytest.importorskip("datasets")
pyarrow = pytest.importorskip("pyarrow")


def table(labels: list[Any], start: int = 0) -> Any:
    images = [{"bytes": png(start + n), "path": None} for n in range(len(labels))]
    features = datasets.Features(image=datasets.Image(), label=datasets.ClassLabel(names=["cat", "dog"]))
    return datasets.Dataset.from_dict({"image": images, "label": labels}, features)


def test_save_to_disk(tmp_path: Path) -> None:
    parts = datasets.DatasetDict(train=table([1, 0]), validation=table([0], 10), extra=table([0], 20))
    parts.save_to_disk(str(tmp_path / "parts"), num_shards={"train": 2, "validation": 1, "extra": 1})
    data = open_dataset(tmp_path / "parts")
    assert list(data.splits) == ["train", "validation"] and data.labels.names == ("cat", "dog")
    assert contents(data) == [png(0), png(1)] and contents(data, "validation") == [png(10)]
    assert data.splits["train"].classes.tolist() == [1, 0]
    table([1, 0]).select([1, 0]).save_to_disk(str(tmp_path / "one"))
    assert contents(open_dataset(tmp_path / "one")) == [png(1), png(0)]


def test_what_would_unpack_to_more_is_refused_before_it_is(tmp_path: Path) -> None:
    table([1, 0]).save_to_disk(str(tmp_path))
    (path,) = tmp_path.glob("*.arrow")
    with pyarrow.ipc.open_stream(path.read_bytes()) as stream:
        whole = stream.read_all()
    large = whole.set_column(0, "image", pyarrow.array([b"\0" * (32 << 20)] * 2))
    options = pyarrow.ipc.IpcWriteOptions(compression="zstd")
    with pyarrow.ipc.new_stream(str(path), large.schema, options=options) as file:
        file.write_table(large)
    assert path.stat().st_size < 1 << 16
    usual = pyarrow.default_memory_pool()
    pool = pyarrow.proxy_memory_pool(usual)
    pyarrow.set_memory_pool(pool)
    try:
        with pytest.raises(FormatError, match=r"cannot be read \(it is compressed, which save_to_disk never"):
            open_dataset(tmp_path)
    finally:
        pyarrow.set_memory_pool(usual)
    assert pool.max_memory() < 1 << 20


def test_a_damaged_offset_is_refused_before_a_photo_is_read(tmp_path: Path) -> None:
    table([1, 0]).save_to_disk(str(tmp_path))
    (path,) = tmp_path.glob("*.arrow")
    ends = np.cumsum([0, len(png(0)), len(png(1))], dtype=np.int32)
    content = path.read_bytes()
    assert content.count(ends.tobytes()) == 1
    path.write_bytes(content.replace(ends.tobytes(), (ends + [0, 1 << 30, 0]).astype(np.int32).tobytes()))
    with pytest.raises(FormatError, match="cannot be read .*offset.*; give a folder"):
        open_dataset(tmp_path)


def test_a_field_whose_name_is_no_text_is_refused(tmp_path: Path) -> None:
    table([1, 0]).save_to_disk(str(tmp_path))
    (path,) = tmp_path.glob("*.arrow")
    content = path.read_bytes()
    assert content.count(b"\0\0path\0") == 1  # the name of a field; Hugging Face's metadata have another
    path.write_bytes(content.replace(b"\0\0path\0", b"\0\0p\xc8th\0"))
    with pytest.raises(FormatError, match="'image' of the train split .* holds no images; give encoded"):
        open_dataset(tmp_path)


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[]", b'{"_data_files": [{"filename": "gone.arrow"}]}', b'{"_data_files": 1}']
)
def test_what_was_saved_badly(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "state.json").write_bytes(content)
    with pytest.raises(FormatError, match="cannot be read .*; give a folder"):
        open_dataset(tmp_path)
    (tmp_path / "dataset_dict.json").write_text(json.dumps({"splits": ["train"]}))
    with pytest.raises(FormatError, match="cannot be read"):
        open_dataset(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in folders here")
@pytest.mark.parametrize("name", ["train/state.json", "train/data.arrow"])
def test_pipes_and_devices_are_not_read(name: str, tmp_path: Path) -> None:
    (tmp_path / "train").mkdir()
    (tmp_path / "dataset_dict.json").write_text('{"splits": ["train"]}')
    (tmp_path / "train/state.json").write_text('{"_data_files": [{"filename": "data.arrow"}]}')
    for make in (os.mkfifo, lambda path: os.symlink("/dev/zero", path)):
        (tmp_path / name).unlink(missing_ok=True)
        make(tmp_path / name)
        with pytest.raises(FormatError, match=r"cannot be read \(.*it is no regular file"):
            open_dataset(tmp_path)


def test_a_long_label_of_many_rows_is_held_once(tmp_path: Path) -> None:
    names = pyarrow.array(["a" * 1_000_000, "b"])
    labels = pyarrow.DictionaryArray.from_arrays(pyarrow.array([0, 1] * 500, pyarrow.int32()), names)
    images = pyarrow.array([png(0)] * 1000)
    tracemalloc.start()
    try:
        opened = table_photos({"train": pyarrow.table({"image": images, "label": labels})}, "x", tmp_path)
        number_classes({"train": opened.labels}, None, None, "x")
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


def test_rows_without_files_are_named_by_their_number() -> None:
    photos = TablePhotos([png(0), None, {"bytes": None, "path": "relative.png"}], ["a#0", "a#1", "a#2"], None)
    assert photos.name(0) == "a#0" and photos.encoded(0) == png(0) and photos.stamp(0) is None
    for row in (1, 2):
        with pytest.raises(ImageError, match=f"a#{row} has no image; give one a row"):
            photos.encoded(row)


def test_relative_paths_start_from_the_root(tmp_path: Path) -> None:
    class_folders(tmp_path, {"a": 1})
    photos = TablePhotos(["a/0.png"], ["x"], tmp_path)
    assert photos.name(0) == str(tmp_path / "a" / "0.png") and photos.encoded(0) == png(1)
    assert photos.stamp(0)


def test_splits_of_several_kinds_are_refused() -> None:
    other = datasets.Dataset.from_dict({"image": ["a.png"], "label": [0]})
    with pytest.raises(FormatError, match="The splits of here cannot be read together"):
        table_photos({"train": table([0, 1]).data.table, "test": other.data.table}, "here", None)


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../x", "a/b", "./a", "/etc/passwd", "a\0b", "\ud800", 5, None]
)
def test_names_in_descriptions_are_plain(name: object, tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text(json.dumps({"_data_files": [{"filename": name}]}))
    with pytest.raises(FormatError, match="is no name of a file in a folder") as caught:
        open_dataset(tmp_path)
    assert str(caught.value).isprintable()
    (tmp_path / "dataset_dict.json").write_text(json.dumps({"splits": [name]}))
    with pytest.raises(FormatError, match="is no name of a file in a folder"):
        open_dataset(tmp_path)


def test_a_file_is_read_once(tmp_path: Path) -> None:
    """Else a description of a few megabytes has a file of a few read a hundred thousand times."""
    table([1, 0]).save_to_disk(str(tmp_path))
    state = json.loads((tmp_path / "state.json").read_text())
    (tmp_path / "state.json").write_text(json.dumps({"_data_files": state["_data_files"] * 2}))
    with pytest.raises(FormatError, match="a file is named twice"):
        open_dataset(tmp_path)


def test_a_deep_description_of_columns_counts_as_none() -> None:
    deep = b'{"info": {"features": ' + b"[" * 100_000
    columns = pyarrow.table({"image": [png(0), png(1)], "label": [0, 1]})
    data = table_photos({"train": columns.replace_schema_metadata({"huggingface": deep})}, "it", None)
    assert data.labels == [0, 1]
