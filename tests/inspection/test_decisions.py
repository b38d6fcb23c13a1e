"""The file of decisions: written, edited, and taken; names that are unique; whatever else is in it."""

import io
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from helpers.dataset_files import class_folders, parquet, tar
from helpers.dataset_photos import dataset, many, png, split_of

from inception_hub.data import Dataset, open_dataset
from inception_hub.errors import FormatError, InceptionHubError
from inception_hub.inspection.decisions import COLUMNS, names_of, without_excluded, write_decisions
from inception_hub.inspection.findings import Finding

HEAD = ",".join(COLUMNS) + "\n"


def line(path: str, decision: str = "exclude", split: str = "train") -> str:
    return f"{path},{split},a,dark,0.1,,{decision}\n"


def decide(folder: Path, *lines: str) -> Path:
    file = folder / "decisions.csv"
    file.write_text(HEAD + "".join(lines), "utf-8")
    return file


def three(names: list[str] | None = None) -> Dataset:
    return dataset(many(4), [0, 0, 1, 1], names)


def test_what_was_written_is_taken(tmp_path: Path) -> None:
    data = three(["=1.png", "a, b.png", " \x1b[1m\udcff.png", "d.png"])
    findings = [
        Finding("leak", ("train", 0), "=a", 0.98765, "", "exclude", ("train", 3)),
        Finding("unreadable", ("train", 2), "a", None, "@reason", "exclude"),
        Finding("dark", ("train", 1), "a", 0.1, "", "keep"),
    ]
    file = io.StringIO(newline="")
    write_decisions(file, data, findings)
    text = file.getvalue()
    assert text.splitlines() == [
        "path,split,class,kind,score,suggestion,decision",
        "./=1.png,train,'=a,leak,0.9877,copy of train: d.png,exclude",
        "\\x1b[1m\\udcff.png,train,a,unreadable,,'@reason,exclude",
        '"a, b.png",train,a,dark,0.1,,keep',
    ]
    (tmp_path / "d.csv").write_text(text, "utf-8")
    left = without_excluded(three(["=1.png", "a, b.png", " \x1b[1m\udcff.png", "d.png"]), tmp_path / "d.csv")
    assert [left.splits["train"].name(i) for i in range(2)] == ["a, b.png", "d.png"]
    assert left.splits["train"].classes.tolist() == [0, 1]
    assert left.notes[-1] == "2 photos are left out, as d.csv says."


@pytest.mark.parametrize("lines", [["0.png", "0.png"], ["0.png"]])
def test_a_photo_of_several_lines_is_left_out_once(tmp_path: Path, lines: list[str]) -> None:
    file = decide(tmp_path, line("0.png", "keep"), *map(line, lines), line("1.png", "keep"))
    left = without_excluded(three(), file)
    assert len(left.splits["train"]) == 3 and left.notes == ("1 photo is left out, as decisions.csv says.",)


def test_keeping_all_changes_nothing(tmp_path: Path) -> None:
    data = three()
    left = without_excluded(data, decide(tmp_path, line("0.png", "keep"), line("gone.png", "Keep")))
    assert left.splits == data.splits and left.notes == ("0 photos are left out, as decisions.csv says.",)


def test_spreadsheets_may_have_saved_it(tmp_path: Path) -> None:
    file = tmp_path / "decisions.csv"
    text = (HEAD + line("0.png", " EXCLUDE ")).replace(",", ";").replace("\n", "\r\n")
    file.write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert len(without_excluded(three(), file).splits["train"]) == 3


def test_names_are_unique_and_do_not_depend_on_the_place(tmp_path: Path) -> None:
    root = class_folders(tmp_path / "photos", {"a": 2, "b": 2})
    expected = ["a/0.png", "a/1.png", "b/0.png", "b/1.png"]
    assert names_of(open_dataset(root).splits["train"]) == expected
    assert names_of(open_dataset(f"{root}/.").splits["train"]) == expected
    assert names_of(open_dataset(os.path.relpath(root)).splits["train"]) == expected
    moved = shutil.move(root, tmp_path / "moved")
    assert names_of(open_dataset(moved).splits["train"]) == expected


def test_names_in_tables_parquet_and_tars(tmp_path: Path) -> None:
    table = tmp_path / "table"
    table.mkdir()
    for number in range(2):
        (table / f"{number}.png").write_bytes(png(number))
    (table / "all.csv").write_text("path,label\n0.png,a\n1.png,b\n0.png,b\n./0.png,b\n")
    names = names_of(open_dataset(table / "all.csv").splits["train"])
    assert names == ["0.png", "1.png", "0.png (2)", "./0.png"]
    parquet(tmp_path / "some.parquet", ["a", "b", "a"])
    assert names_of(open_dataset(tmp_path / "some.parquet").splits["train"]) == [
        "some.parquet#0",
        "some.parquet#1",
        "some.parquet#2",
    ]
    records = [{"png": png(i), "cls": str(i).encode()} for i in range(2)]
    tar(tmp_path / "some.tar", records)
    assert names_of(open_dataset(tmp_path / "some.tar").splits["train"]) == [
        "some.tar#0000.png",
        "some.tar#0001.png",
    ]


def test_of_photos_of_one_name_each_can_be_left_out(tmp_path: Path) -> None:
    data = three(["a.png", "a.png", "a.png (2)", "a.png"])
    names = names_of(data.splits["train"])
    assert names == ["a.png", "a.png (2)", "a.png (2) (2)", "a.png (3)"]
    left = without_excluded(data, decide(tmp_path, line("a.png (2)")))
    assert left.splits["train"].rows.tolist() == [0, 2, 3]


def test_many_photos_of_one_name_take_no_longer() -> None:
    split = split_of(many(20_000), [0] * 20_000, ["same.png"] * 20_000)
    assert names_of(split)[-1] == "same.png (20000)"


def test_a_split_of_which_nothing_is_left_is_gone(tmp_path: Path) -> None:
    data = three()
    data = Dataset(
        data.name, data.labels, {**data.splits, "validation": split_of(many(1, 9), [0], ["held.png"])}
    )
    left = without_excluded(data, decide(tmp_path, line("held.png", split="validation")))
    assert list(left.splits) == ["train"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (HEAD + line("gone.png"), "excludes 1 photo that the 'train' split of .* does not have: gone.png"),
        (HEAD + line("0.png", split="test"), "excludes 1 photo that the 'test' split of"),
        (HEAD + "".join(line(f"{i}x.png") for i in range(9)), "excludes 9 photos .* and 4 more; give the"),
        (HEAD + line("0.png", "perhaps"), "Finding 1 of .* has the decision 'perhaps'; give keep or exclude"),
        (HEAD + line("0.png", ""), "has the decision ''"),
        ("path,label\n0.png,a\n", "has no column 'split'; give what inspect --decisions wrote"),
        ("", "has no rows"),
        (HEAD + line("0.png") + line("1.png"), "leaves fewer than two classes to train on"),
        ("path,split,decision\n0.png,train\n", "Line 2 of .* has 2 fields"),
        ('"' * 9, "is no CSV"),
        ("\0" * 100, "decisions.csv"),
    ],
)
def test_what_is_no_file_of_decisions_about_the_data_is_refused(
    tmp_path: Path, content: str, message: str
) -> None:
    (tmp_path / "decisions.csv").write_text(content)
    with pytest.raises(FormatError, match=message):
        without_excluded(three(), tmp_path / "decisions.csv")


def test_names_are_told_for_a_terminal(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"does not have: \\x1b\[2J.png; give") as caught:
        without_excluded(three(), decide(tmp_path, line("\x1b[2J.png")))
    assert str(caught.value).isprintable()


def test_a_file_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InceptionHubError, match="nowhere.csv"):
        without_excluded(three(), tmp_path / "nowhere.csv")


def test_json_lines_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "d.jsonl").write_text('{"path": 5, "split": "train", "decision": "exclude"}\n')
    with pytest.raises(FormatError, match="Finding 1 of .* is not all text"):
        without_excluded(three(), tmp_path / "d.jsonl")


def test_labels_and_classes_stay_with_their_photos(tmp_path: Path) -> None:
    data = dataset(many(6), [2, 0, 1, 2, 0, 1])
    left = without_excluded(data, decide(tmp_path, line("3.png")))
    assert left.labels is data.labels
    assert np.array_equal(left.splits["train"].classes, [2, 0, 1, 0, 1])
    assert left.fingerprint != data.fingerprint
