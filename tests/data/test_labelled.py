"""Every kind of data gives photos, labels and splits alike."""

from pathlib import Path

from helpers.dataset_files import class_folders, parquet, tar
from helpers.dataset_photos import png

from inception_hub.data.data_files import find_data_files
from inception_hub.data.labelled import Labelled
from inception_hub.data.opening import READERS


def test_as_many_of_each(tmp_path: Path) -> None:
    class_folders(tmp_path / "folders", {"a": 1, "b": 2})
    parquet(tmp_path / "x.parquet", ["a", "b", "b"])
    tar(tmp_path / "x.tar", [{"png": png(n), "cls": b"a"} for n in range(3)])
    (tmp_path / "x.csv").write_text("path,label\n1.png,a\n2.png,b\n3.png,b\n")
    for name in ("folders", "x.parquet", "x.tar", "x.csv"):
        data_files = find_data_files(tmp_path / name)
        labelled = READERS[data_files.format](data_files)
        assert isinstance(labelled, Labelled)
        assert len(labelled.labels) == len(labelled.splits) == 3 and set(labelled.splits) == {"train"}
        assert labelled.photos.name(2)
