"""What writes, replaces and removes files, by rules of Windows that Linux can be made to keep."""

import os
from pathlib import Path

import pytest
from helpers.command import run
from helpers.like_windows import run_like_windows
from PIL import Image

emulated = pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="Linux tells what is open")


def names(folder: Path) -> list[str]:
    """The files below `folder`."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


@emulated
def test_rows_are_written_resumed_and_left(tmp_path: Path, photos: Path, small_module: Path) -> None:
    given = (photos, "--module", small_module)
    codes, refused = run_like_windows(
        tmp_path,
        ("classify", *given, "--output", "a.jsonl", "--format", "jsonl"),
        ("classify", *given, "--output", "a.jsonl", "--format", "jsonl", "--resume"),
        ("classify", *given, "--output", "b.csv", "--format", "csv", "--gallery", "page.html"),
        ("classify", *given, "--output", "c.csv", "--format", "csv", "--gallery", "page.html"),
        ("classify", *given, "--output", "d.parquet"),
        ("classify", *given, "--output", "d.parquet", "--resume"),
        ("classify", *given, "--output", "b.csv", "--format", "csv"),  # is there
        ("embed", *given, "--output", "e.npz"),
        ("explain", *given, "--output", "pictures"),
    )
    assert (codes, refused) == ([0] * 6 + [2, 0, 0], [])
    assert not list(tmp_path.rglob("*.partial")) and not list(tmp_path.rglob("*.claimed"))
    assert {"a.jsonl", "page.html", "d.parquet", "e.npz", "pictures/0.png"} <= set(names(tmp_path))


@emulated
def test_photos_are_placed_and_taken_back(tmp_path: Path, photos: Path, small_module: Path) -> None:
    before = names(tmp_path)
    given = ("organise", "photos", "--into", "sorted", "--module", small_module, "--xmp", "--how")
    commands = [
        command
        for how in ("copy", "move", "link")
        for command in ((*given, how), (*given, how), ("organise", "--undo", "sorted"))
    ]
    codes, refused = run_like_windows(tmp_path, *commands)
    assert (codes[::3], codes[2::3], refused) == ([0] * 3, [0] * 3, [])
    (tmp_path / "like_windows.json").unlink()
    assert names(tmp_path) == before


@emulated
def test_kept_vectors_are_replaced_where_a_photo_changed(
    tmp_path: Path, photos: Path, small_module: Path
) -> None:
    kept = photos / ".inception-hub-vectors.safetensors"
    given = ("similar", "photos", "--duplicates", "--module", small_module)
    assert run_like_windows(tmp_path, given) == ([0], [])
    first = kept.read_bytes()
    os.utime(photos / "0.png", (1, 1))
    assert run_like_windows(tmp_path, given) == ([0], [])
    assert kept.read_bytes() != first and not list(photos.glob("*.partial"))


@emulated
def test_modules_are_made_kept_and_removed(tmp_path: Path, small_module: Path) -> None:
    pytest.importorskip("onnxruntime")
    onnx = ("export", small_module, "made.onnx", "--to", "onnx", "--size", "32x32", "--batch", 1)
    openvino = ("export", small_module, "folder", "--to", "openvino", "--size", "32x32", "--batch", 1)
    codes, refused = run_like_windows(
        tmp_path,
        onnx,
        (*onnx, "--force"),
        onnx,  # is there
        ("info", "made.onnx"),
        ("convert", "made.onnx", "converted"),
        openvino,
        (*openvino, "--force"),
        ("cache", "gc"),
    )
    assert (codes, refused) == ([0, 0, 2, 0, 0, 0, 0, 0], [])
    assert not list(tmp_path.rglob("*.partial"))


@pytest.mark.parametrize(
    "command",
    [
        "classify photos --module MODULE --output rows.csv --gallery ROWS.csv",
        "similar photos --duplicates --module MODULE --output rows.csv --gallery Rows.csv",
        "inspect photos --module MODULE --report found.csv --decisions Found.CSV",
    ],
)
def test_outputs_that_are_one_file_there(
    command: str, tmp_path: Path, photos: Path, small_module: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    before = names(tmp_path)
    code, out, err = run(capsys, *command.replace("MODULE", str(small_module)).split())
    assert (code, out) == (2, "") and "upper and lower case being one on some systems" in err
    assert names(tmp_path) == before


def test_classes_that_are_one_folder_there(
    tmp_path: Path, small_module: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """They stay two classes everywhere, and get folders of two names."""
    monkeypatch.chdir(tmp_path)
    for level, name in enumerate(("Rose", "rose")):
        (tmp_path / "data" / name).mkdir(parents=True)
        for number in range(6):
            Image.new("RGB", (40, 40), (250 * level, 20 * number, 0)).save(
                tmp_path / "data" / name / f"{number}.png"
            )
    given = ("--module", small_module, "--output", "made", "--phases", "head")
    assert run(capsys, "finetune", "data", *given)[0] == 0
    assert (tmp_path / "made" / "labels.txt").read_text("utf-8") == "Rose\nrose\n"
    assert run(capsys, "evaluate", "made", "data", "--report", "report.html")[0] == 0
    assert run(capsys, "organise", "data", "--into", "sorted", "--module", "made", "--least", 0)[0] == 0
    assert {path.name for path in (tmp_path / "sorted").iterdir()} == {"Rose", "rose-2", "organised.jsonl"}
