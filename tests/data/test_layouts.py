"""One table of the ways in which people lay out labelled photos: what must come of each, or what is said.

A report of a layout that is read wrongly becomes a line. Where Hugging Face's `imagefolder` reads one too, it
must come to the same photos and labels.
"""

import gc
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from helpers.dataset_photos import png

from inception_hub.data import decode_split, open_dataset
from inception_hub.errors import FormatError, HandleError, InceptionHubError

Rows = dict[str, list[tuple[int, str]]]  # by split, the seed and the class of each photo


@dataclass(frozen=True)
class Layout:
    """Files of a folder, a number standing for a photo of that seed; the rows, or the sentence that they are.

    `at`: the file to give instead of the folder. `also`: whether Hugging Face reads the same.
    """

    files: dict[str, int | str | bytes]
    rows: Rows | str
    at: str = ""
    also: bool = False


def photos(*names: str) -> dict[str, int | str | bytes]:
    return dict(zip(names, range(len(names)), strict=True))


CSV = "file_name,label\n"
TWO: Rows = {"train": [(0, "daisy"), (1, "rose")]}
NFC, NFD = (unicodedata.normalize(form, "café") for form in ("NFC", "NFD"))
LAYOUTS = {
    # Hugging Face's imagefolder
    "metadata in each split": Layout(
        photos("train/a.png", "train/b.png", "validation/c.png")
        | {
            "train/metadata.csv": CSV + "a.png,rose\nb.png,daisy\n",
            "validation/metadata.csv": CSV + "c.png,rose\n",
        },
        {"train": [(0, "rose"), (1, "daisy")], "validation": [(2, "rose")]},
        also=True,
    ),
    "metadata as JSON lines": Layout(
        photos("train/a.png", "train/b.png", "test/c.png")
        | {
            "train/metadata.jsonl": '{"file_name": "a.png", "label": "x"}\n'
            '{"file_name": "b.png", "label": "y"}\n',
            "test/metadata.jsonl": '{"file_name": "c.png", "label": "y"}\n',
        },
        {"train": [(0, "x"), (1, "y")], "test": [(2, "y")]},
        also=True,
    ),
    "metadata with images beside it": Layout(
        photos("images/a.png", "images/b.png")
        | {"metadata.csv": CSV + "images/a.png,daisy\nimages/b.png,rose\n"},
        TWO,
        also=True,
    ),
    "metadata that leaves the folder's name out": Layout(
        photos("images/a.png", "images/b.png") | {"metadata.csv": CSV + "a.png,daisy\nb.png,rose\n"}, TWO
    ),
    "metadata above splits": Layout(
        photos("train/a.png", "train/b.png", "val/c.png")
        | {"metadata.csv": CSV + "train/a.png,daisy\ntrain/b.png,rose\nval/c.png,rose\n"},
        TWO | {"validation": [(2, "rose")]},
    ),
    "metadata above splits with names of their own": Layout(
        photos("seg_train/a.png", "seg_train/b.png", "seg_test/c.png")
        | {"metadata.csv": CSV + "seg_train/a.png,daisy\nseg_train/b.png,rose\nseg_test/c.png,rose\n"},
        TWO | {"test": [(2, "rose")]},
    ),
    "metadata that says more than the folders": Layout(
        photos("x/a.png", "x/b.png", "y/c.png") | {"metadata.csv": CSV + "x/a.png,daisy\nx/b.png,rose\n"}, TWO
    ),
    "metadata without labels": Layout(
        photos("train/a.png", "validation/b.png") | {"metadata.csv": "file_name,text\ntrain/a.png,one\n"},
        "no column of labels among file_name, text in .*metadata.csv; name one label",
    ),
    # Folders
    "photos directly in splits": Layout(
        photos("train/a.png", "train/b.png", "validation/c.png"),
        "train holds photos directly, and its name is that of a split: put them into a folder for each class",
    ),
    "photos directly in one split": Layout(
        photos("train/a.png", "val/daisy/b.png", "val/rose/c.png"),
        "train holds photos directly",
    ),
    "a split's name as a class of another": Layout(
        photos("train/test/a.png", "train/rose/b.png"), "test holds photos directly, and its name is"
    ),
    "photos beside the classes of a split": Layout(
        photos("train/cover.png", "train/daisy/a.png", "train/rose/b.png"),
        "train holds photos directly",
    ),
    "splits with longer names": Layout(
        photos("training_set/daisy/a.png", "training_set/rose/b.png", "test_set/rose/c.png"),
        TWO | {"test": [(2, "rose")]},
    ),
    "splits with names of their own": Layout(
        photos(
            "seg_train/seg_train/daisy/a.png",
            "seg_train/seg_train/rose/b.png",
            "seg_test/seg_test/rose/c.png",
        ),
        TWO | {"test": [(2, "rose")]},
    ),
    "splits with names in one word": Layout(
        photos("trainSet/daisy/a.png", "trainSet/rose/b.png", "valset/rose/c.png"),
        TWO | {"validation": [(2, "rose")]},
    ),
    "a folder beside splits with names of their own": Layout(
        photos("seg_train/daisy/a.png", "seg_train/rose/b.png", "seg_test/rose/c.png", "seg_pred/d.png"),
        "seg_pred belongs to no split, and others do .test, train.: move it",
    ),
    "classes with two splits' words": Layout(
        photos("crash test/a.png", "bullet train/b.png"),
        {"train": [(0, "crash test"), (1, "bullet train")]},
    ),
    "a class called like a split": Layout(
        photos("car/a.png", "train/b.png"),
        "if it is a class, list all classes in .*labels.txt",
    ),
    "a class called like a split, as is told": Layout(
        photos("car/a.png", "train/b.png") | {"labels.txt": "train\ncar\n"},
        {"train": [(0, "car"), (1, "train")]},
    ),
    "a class with a split's word in it": Layout(
        photos("bus/a.png", "train station/b.png"),
        {"train": [(0, "bus"), (1, "train station")]},
    ),
    "splits inside classes": Layout(
        photos("daisy/train/a.png", "rose/train/b.png", "rose/val/c.png"), TWO | {"validation": [(2, "rose")]}
    ),
    "a folder beside the splits": Layout(
        photos("train/daisy/a.png", "train/rose/b.png", "examples/c.png"),
        "examples belongs to no split, and others do .train.: move it",
    ),
    "photos deep in a class": Layout(
        photos("daisy/2019/may/a.png", "rose/b.png", "rose/red/c.png"),
        {"train": [(0, "daisy"), (1, "rose"), (2, "rose")]},
    ),
    "a folder around everything": Layout(
        photos("flowers/flowers/daisy/a.png", "flowers/flowers/rose/b.png") | {"README.md": ""},
        TWO,
        also=True,
    ),
    "a folder around the classes of each split": Layout(
        photos("train/images/daisy/a.png", "train/images/rose/b.png", "val/images/rose/c.png"),
        TWO | {"validation": [(2, "rose")]},
    ),
    "thumbnails of storage devices": Layout(
        photos(
            "daisy/a.png",
            "rose/b.png",
            "@eaDir/c.png",
            "rose/@eaDir/b.png/SYNOPHOTO_THUMB_M.png",
            "#recycle/d.png",
            "__MACOSX/rose/._b.png",
            "$RECYCLE.BIN/e.png",
            ".thumbnails/f.png",
            ".ipynb_checkpoints/g.png",
            "~snapshot/h.png",
            "Network Trash Folder/i.png",
        ),
        TWO,
    ),
    "one class by two writings": Layout(
        photos(f"{NFC}/a.png", f"{NFD}/b.png", "rose/c.png"), {"train": [(0, NFC), (1, NFC), (2, "rose")]}
    ),
    "names around which there is white space": Layout(photos("daisy /a.png", "rose/b.png"), TWO),
    # Tables
    "a table with a split": Layout(
        photos("a.png", "b.png", "c.png")
        | {"x.csv": "path,label,split\na.png,daisy,train\nb.png,rose,Training\nc.png,rose,valid\n"},
        TWO | {"validation": [(2, "rose")]},
        "x.csv",
    ),
    "a table with a split of another name": Layout(
        photos("a.png", "b.png") | {"x.csv": "path,label,split\na.png,daisy,train\nb.png,rose,fold1\n"},
        "The split of photo 1 of .*x.csv is 'fold1' in column 'split'; give train, validation or test",
        "x.csv",
    ),
    "a table with white space": Layout(
        photos("a.png", "b.png", "c.png")
        | {"x.csv": "path, label\na.png, daisy\nb.png ,rose \nc.png,daisy\n"},
        {"train": [(0, "daisy"), (1, "rose"), (2, "daisy")]},
        "x.csv",
    ),
    "a table of a spreadsheet": Layout(
        photos("a.png", "b.png") | {"x.csv": "\ufeffFilename;Class\r\na.png;daisy\r\nb.png;rose\r\n"},
        TWO,
        "x.csv",
    ),
    "a table that says what parts its fields": Layout(
        photos("a.png", "b.png") | {"x.csv": "sep=;\r\nPath;ClassId\r\na.png;daisy\r\nb.png;rose\r\n"},
        TWO,
        "x.csv",
    ),
    "a table with words run together": Layout(
        photos("a.png", "b.png") | {"x.csv": "imageId,ImagePath,CategoryName\n1,a.png,daisy\n2,b.png,rose\n"},
        TWO,
        "x.csv",
    ),
    "a table without names": Layout(
        photos("a.png", "b.png", "c.png")
        | {"x.csv": "TRAIN,a.png,daisy\nTRAIN,b.png,rose\nTEST,c.png,rose\n"},
        TWO | {"test": [(2, "rose")]},
        "x.csv",
    ),
    "a table of another system": Layout(
        photos("photos/A.PNG", "photos/b.png")
        | {"x.csv": "image,label\nphotos\\a.png,daisy\n.\\Photos\\B.png,rose\n"},
        TWO,
        "x.csv",
    ),
    "a table of numbers of photos": Layout(
        photos("train_images/a1.png", "train_images/b2.png")
        | {"x.csv": "id_code,label\na1,daisy\nb2,rose\n"},
        TWO,
        "x.csv",
    ),
    "a table of accents by another system": Layout(
        photos(f"{NFD}.png", "b.png") | {"x.csv": f"path,label\n{NFC}.png,daisy\nb.png,rose\n"}, TWO, "x.csv"
    ),
    "a table whose photos lie in one split's folder": Layout(
        photos("test/a.png", "test/b.png") | {"x.csv": "path,label\ntest/a.png,daisy\ntest/b.png,rose\n"},
        TWO,
        "x.csv",
    ),
    "a table of splits by folders": Layout(
        photos("train/a.png", "train/b.png", "val/c.png")
        | {"x.csv": "path,label\ntrain/a.png,daisy\ntrain/b.png,rose\nval/c.png,rose\n"},
        TWO | {"validation": [(2, "rose")]},
        "x.csv",
    ),
    "JSON lines": Layout(
        photos("a.png", "b.png")
        | {"x.jsonl": '{"image": "a.png", "label": "daisy"}\n{"image": "b.png", "label": "rose"}\n'},
        TWO,
        "x.jsonl",
    ),
    "JSON lines by another ending": Layout(
        photos("a.png", "b.png")
        | {"x.ndjson": '{"image": "a.png", "label": "daisy"}\n{"image": "b.png", "label": "rose"}\n'},
        TWO,
        "x.ndjson",
    ),
    "a table with a label below zero": Layout(
        photos("a.png", "b.png") | {"x.csv": "path,label\na.png,0\nb.png,-1\n"},
        "label of photo 1 .* is -1, which",
        "x.csv",
    ),
    "a table of test photos whose classes are -1": Layout(
        photos("a.png", "b.png", "c.png")
        | {"x.csv": "path,label,split\na.png,daisy,train\nb.png,rose,train\nc.png,-1,test\n"},
        TWO,
        "x.csv",
    ),
    "a table without a photo's path": Layout(
        {"x.csv": "path,label\n,daisy\n"},
        "The path of photo 0 of .*x.csv is '' in column 'path'; give each one",
        "x.csv",
    ),
    "a table of test photos without classes": Layout(
        photos("a.png", "b.png", "c.png")
        | {"x.csv": "path,label,split\na.png,daisy,train\nb.png,rose,train\nc.png,,test\n"},
        TWO,
        "x.csv",
    ),
}


def written(layout: Layout, folder: Path) -> Path:
    for name, content in layout.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(
            png(content)
            if isinstance(content, int)
            else content.encode()
            if isinstance(content, str)
            else content
        )
    return folder / layout.at if layout.at else folder


def rows_of(path: Path, name: Callable[[int], bytes] = png) -> Rows:
    data = open_dataset(path)
    seeds = {name(seed): seed for seed in range(20)}
    return {
        split: [(seeds[part.encoded(i)], data.labels[int(c)]) for i, c in enumerate(part.classes)]
        for split, part in data.splits.items()
    }


@pytest.mark.parametrize("name", LAYOUTS)
def test_layouts(name: str, tmp_path: Path) -> None:
    layout = LAYOUTS[name]
    path = written(layout, tmp_path)
    if isinstance(layout.rows, str):
        with pytest.raises(InceptionHubError, match=layout.rows) as caught:
            open_dataset(path)
        assert isinstance(caught.value, FormatError | HandleError)
        return
    assert {split: sorted(rows) for split, rows in rows_of(path).items()} == layout.rows


@pytest.mark.filterwarnings("ignore")  # it leaves files open
@pytest.mark.parametrize("name", [name for name, layout in LAYOUTS.items() if layout.also])
def test_hugging_face_reads_the_same(name: str, tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    layout = LAYOUTS[name]
    written(layout, tmp_path / "data")
    loaded = datasets.load_dataset(
        "imagefolder", data_dir=str(tmp_path / "data"), cache_dir=str(tmp_path / "cache")
    )
    seeds = {png(seed): seed for seed in range(20)}
    found: Rows = {}
    for split, table in loaded.items():
        undecoded = table.cast_column("image", datasets.Image(decode=False))
        names = (
            table.features["label"].int2str
            if isinstance(table.features["label"], datasets.ClassLabel)
            else str
        )
        found[split] = [
            (seeds[Path(row["image"]["path"]).read_bytes()], names(row["label"])) for row in undecoded
        ]
    assert found == layout.rows
    del loaded, table, undecoded
    gc.collect()  # while its open files are ignored


def test_a_name_that_is_no_text_costs_that_photo_only(tmp_path: Path) -> None:
    for folder in ("daisy", "rose"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "0.png").write_bytes(png(0))
    odd = tmp_path / "rose" / b"caf\xe9.png".decode("utf-8", "surrogateescape")
    odd.write_bytes(b"no photo")
    pixels = decode_split(open_dataset(tmp_path).splits["train"], tmp_path / "pixels", 8)
    assert len(pixels.images) == 2 and len(pixels.corrupt) == 1
