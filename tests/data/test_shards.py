"""Tar files as WebDataset writes them."""

import io
import json
import tarfile
from pathlib import Path

import numpy as np
import pytest
from helpers.dataset_files import contents, tar
from helpers.dataset_photos import png

from inception_hub.data import decode_split, open_dataset
from inception_hub.errors import FormatError, HandleError, ImageError


def pair(seed: int, **label: bytes) -> dict[str, bytes]:
    return {"png": png(seed), **label}


@pytest.mark.parametrize(
    "labels, names",
    [
        ([{"cls": b"3"}, {"cls": b"1"}], ("1", "3")),
        ([{"txt": b"rose\n"}, {"txt": b"\xef\xbb\xbfdaisy "}], ("daisy", "rose")),
        ([{"cls": b"1", "txt": b"a caption"}, {"cls": b"0", "txt": b"another"}], ("0", "1")),
        ([{"json": b'{"label": "b"}'}, {"json": b'{"class": "a"}'}], ("a", "b")),
        ([{"json": json.dumps({"label": 4}).encode()}, {"json": b'{"label": 7}'}], ("4", "7")),
        ([{"label": b"b"}, {"label": b"a"}], ("a", "b")),
    ],
)
def test_labels_of_every_kind(tmp_path: Path, labels: list[dict[str, bytes]], names: tuple[str, ...]) -> None:
    file = tar(tmp_path / "x.tar", [pair(n, **label) for n, label in enumerate(labels)])
    data = open_dataset(file)
    assert data.labels.names == names
    assert contents(data) == [png(0), png(1)]


def test_paths_with_braces(tmp_path: Path) -> None:
    for number in range(3):
        tar(tmp_path / f"train-{number:04}.tar", [pair(number, cls=b"%d" % number)])
    data = open_dataset(str(tmp_path / "train-{0000..0002}.tar"))
    assert contents(data) == [png(0), png(1), png(2)]
    assert contents(open_dataset(tmp_path / "train-{0002,0000}.tar")) == [png(2), png(0)]
    with pytest.raises(HandleError, match="train-0003.tar does not exist"):
        open_dataset(tmp_path / "train-{0002..0003}.tar")
    with pytest.raises(FormatError, match="stands for more than 100,000 files; give fewer"):
        open_dataset(tmp_path / "train-{000000..999999}.tar")


def test_splits_are_in_names_of_files_and_folders(tmp_path: Path) -> None:
    for place, first in (("train/0.tar", 0), ("val/0.tar", 10)):
        (tmp_path / place).parent.mkdir()
        tar(tmp_path / place, [pair(first, cls=b"0"), pair(first + 1, cls=b"1")])
    data = open_dataset(tmp_path)
    assert contents(data) == [png(0), png(1)] and contents(data, "validation") == [png(10), png(11)]


def test_names_with_folders_and_dots(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "x.tar", "w", format=tarfile.PAX_FORMAT) as file:
        members = {"a.b/1.left.png": png(1), "a.b/1.cls": b"0", "README": b""}
        for name, content in (members | {"é" * 90 + ".JPG": png(2), "é" * 90 + ".cls": b"1"}).items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            file.addfile(member, io.BytesIO(content))
        file.addfile(tarfile.TarInfo("folder.png/"))
    data = open_dataset(tmp_path / "x.tar")
    assert contents(data) == [png(1), png(2)] and data.splits["train"].name(0) == "x.tar#a.b/1.left.png"


def test_a_record_without_a_photo_costs_itself(tmp_path: Path) -> None:
    file = tar(tmp_path / "x.tar", [pair(0, cls=b"0"), {"cls": b"1"}, pair(2, cls=b"1")])
    pixels = decode_split(open_dataset(file).splits["train"], None, 8)
    assert len(pixels.images) == 2 and "x.tar#0001 has no image; give one a row" in pixels.corrupt[0]


def test_shards_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "a.tar").write_bytes(b"no tar" * 200)
    with pytest.raises(FormatError, match=r"a.tar cannot be read \(.*\); give"):
        open_dataset(tmp_path / "a.tar")
    tar(tmp_path / "a.tar", [pair(0), pair(1)])
    with pytest.raises(FormatError, match="label of photo 0 of the train split of .* is None; give"):
        open_dataset(tmp_path / "a.tar")
    tar(tmp_path / "a.tar", [pair(0, json=b"{"), pair(1, json=b"{}")])
    with pytest.raises(FormatError, match="a.tar#0000.json is no JSON"):
        open_dataset(tmp_path / "a.tar")
    tar(tmp_path / "a.tar", [])
    with pytest.raises(FormatError, match="a.tar holds no photos with labels"):
        open_dataset(tmp_path / "a.tar")


def test_shards_cut_short_and_changed_give_a_data_set_or_a_sentence(tmp_path: Path) -> None:
    whole = tar(tmp_path / "x.tar", [pair(n, cls=b"%d" % (n % 2)) for n in range(4)]).read_bytes()
    generator = np.random.RandomState(0)
    for number in range(200):
        damaged = bytearray(whole[: generator.randint(len(whole))] if number % 4 == 0 else whole)
        for position in generator.randint(0, len(damaged), 3) if damaged else ():
            damaged[position] = generator.randint(256)
        (tmp_path / "x.tar").write_bytes(bytes(damaged))
        try:
            split = open_dataset(tmp_path / "x.tar").splits["train"]
            for row in range(len(split)):
                split.encoded(row)
        except (FormatError, HandleError, ImageError) as error:
            assert "\n" not in str(error)


def test_a_shard_that_is_gone(tmp_path: Path) -> None:
    file = tar(tmp_path / "x.tar", [pair(0, cls=b"0"), pair(1, cls=b"1")])
    split = open_dataset(file).splits["train"]
    file.unlink()
    with pytest.raises(ImageError, match="x.tar cannot be read .*; give the data again"):
        split.encoded(0)
