"""Data through Hugging Face `datasets`: never outdated, without network where local, words as they are."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.dataset_files import COUNTS, class_folders, contents, parquet
from helpers.dataset_photos import png

from inception_hub.data import open_dataset
from inception_hub.data.huggingface import hub_name, load_hub
from inception_hub.errors import DownloadError, MissingExtraError

datasets = pytest.importorskip("datasets")


def csv(folder: Path, *labels: str) -> Path:
    folder.mkdir(exist_ok=True)
    lines = ["path,label"]
    for number, label in enumerate(labels):
        (folder / f"{number}.png").write_bytes(png(number))
        lines.append(f"{number}.png,{label}")
    (folder / "photos.csv").write_text("\n".join(lines) + "\n")
    return folder / "photos.csv"


def test_a_file_of_the_same_size_is_read_anew(tmp_path: Path) -> None:
    path = csv(tmp_path / "data", "cat", "dog", "cat")
    assert open_dataset(path).splits["train"].classes.tolist() == [0, 1, 0]
    path = csv(tmp_path / "data", "dog", "cat", "cat")
    later = path.stat().st_mtime_ns + 1_000_000
    os.utime(path, ns=(later, later))
    assert open_dataset(path).splits["train"].classes.tolist() == [1, 0, 0]


def test_words_are_no_gaps_and_no_numbers(tmp_path: Path) -> None:
    data = open_dataset(csv(tmp_path / "data", "NA", "null", "007", "nan"))
    assert data.labels.names == ("007", "NA", "nan", "null")
    assert data.splits["train"].classes.tolist() == [1, 3, 0, 2]


def test_a_changed_file_is_read_anew(tmp_path: Path) -> None:
    """Where it lies: no copy of it is kept."""
    cache = Path(os.environ["INCEPTION_HUB_CACHE"]) / "datasets"
    file = parquet(tmp_path / "train.parquet", ["a", "b"])
    before = file.stat()
    open_dataset(file)
    parquet(file, ["a", "b"], seed=7)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns + 1))  # within the same second
    assert contents(open_dataset(file)) == [png(7), png(8)]
    assert not cache.exists()


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


def test_text_needs_no_library_and_parquet_pyarrow_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    data = open_dataset(class_folders(tmp_path / "flowers"))
    assert contents(data) == [png(1), png(2), png(3), png(4), png(5)]
    (tmp_path / "list.csv").write_text("path,label\na.png,a\nb.png,b\n")
    assert len(open_dataset(tmp_path / "list.csv").splits["train"]) == 2
    (tmp_path / "x.parquet").write_bytes(b"PAR1")
    with pytest.raises(
        MissingExtraError, match=r"needs pyarrow, .*\[parquet\]', or give a folder of folders"
    ):
        open_dataset(tmp_path / "x.parquet")
    with pytest.raises(MissingExtraError, match=r"the hub needs Hugging Face datasets, .*\[train\]"):
        open_dataset("owner/name")


@pytest.mark.parametrize(
    "name", ["owner/name:plain", "hf://owner/name:plain", "hf://datasets/owner/name:plain"]
)
def test_a_configuration_stands_behind_a_colon(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str | None]] = []

    def load_dataset(repository: str, configuration: str | None, **_: str) -> dict[str, object]:
        asked.append((repository, configuration))
        if configuration is None:
            raise ValueError(
                "Config name is missing.\nPlease pick one among the available configs: ['plain', 'b']\nx"
            )
        return {}

    monkeypatch.setattr(datasets, "load_dataset", load_dataset)
    assert hub_name(name) == "owner/name:plain" and load_hub("owner/name:plain") == {}
    with pytest.raises(
        DownloadError, match=r"several configurations \(plain, b\); give one, .* owner/name:plain"
    ):
        load_hub("owner/name")
    assert asked == [("owner/name", "plain"), ("owner/name", None)]


@pytest.mark.parametrize("path", ["owner/name.csv", "./owner/name", "a/b/c", "name", "owner/name:"])
def test_paths_are_no_names_of_the_hub(path: str) -> None:
    assert hub_name(path) is None
