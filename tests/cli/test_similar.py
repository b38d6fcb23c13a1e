"""`similar` on the command line: rows, pages, what is said, and the exit status."""

import json
from pathlib import Path

import pytest
from helpers.command import run
from helpers.copied_photos import COPIES, scene

from inception_hub.cli import photo_run
from inception_hub.similarity.kept import NAME


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for seed in range(3):
        scene(seed).save(folder / f"{seed}.png")
    return folder


def test_rows_and_a_page(
    photos: Path, small_module: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page, rows = tmp_path / "page.html", tmp_path / "rows.jsonl"
    (photos / "notes.doc").touch()
    query = photos / "1.png"
    command = ("similar", query, "--among", photos, "--module", small_module, "--top", "1")
    code, out, err = run(capsys, *command, "--gallery", page, "--output", rows)
    assert (code, out) == (0, "")
    said = "1 file is not read, being no photo by its name: 1 .doc."
    assert err == f"Answering with small.\nPictures: {page}\n{said}\n"
    row = json.loads(rows.read_text())
    assert row["path"] == str(query) and len(row["similar"]) == 1 and row["similar"][0]["path"] != str(query)
    assert page.read_text().count("data:image/jpeg") == 2
    code, out, err = run(capsys, *command)
    assert code == 0 and out.startswith(f"{query}\n") and row["similar"][0]["path"] in out
    assert (photos / NAME).exists()


def test_groups_of_duplicates(
    photos: Path, small_module: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    COPIES["cropped"](scene(2)).save(photos / "3.png")
    (photos / "bad.png").write_bytes(b"no photo")
    page = tmp_path / "page.html"
    code, out, err = run(
        capsys,
        "similar",
        photos,
        "--duplicates",
        "--module",
        small_module,
        "--format",
        "csv",
        "--gallery",
        page,
    )
    assert code == 1
    lines = [line.split(",") for line in out.splitlines()]
    assert lines[0] == ["path", "module", "group", "score", "error"]
    assert [(line[0], line[2]) for line in lines[1:3]] == [(str(photos / f"{i}.png"), "1") for i in (2, 3)]
    assert lines[3][0] == str(photos / "bad.png") and lines[3][2:4] == ["", ""]
    assert "1 group of photos that are there more than once; nothing was deleted." in err
    assert "1 of 5 photos could not be read:\n" in err and "Group 1" in page.read_text()
    assert len(list(photos.glob("*.png"))) == 5


def test_queries_that_cannot_be_read_are_rows_and_told(
    photos: Path, small_module: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = photos / "gone.png"
    code, out, err = run(
        capsys, "similar", gone, "--among", photos, "--module", small_module, "--format", "csv"
    )
    assert (
        code == 1 and out.splitlines()[1].startswith(f"{gone},small,,,,") and "gone.png does not exist" in err
    )


@pytest.mark.parametrize("arguments", [(), ("--duplicates", "--among", "photos")])
def test_either_among_or_duplicates(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, "similar", "photos", *arguments)
    assert code == 2 and "Give --among PHOTOS to search in, or --duplicates without it" in err


def test_nothing_is_begun_where_a_name_leads_nowhere(
    photos: Path, small_module: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    for query, among in ((tmp_path / "empty", photos), (photos, tmp_path / "empty")):
        code, _, err = run(capsys, "similar", query, "--among", among, "--module", small_module)
        assert code == 2 and "this folder holds no photo" in err and err.count("\n") == 1
    assert not (photos / NAME).exists()


def test_vectors_of_another_module_are_a_sentence(
    photos: Path, small_module: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    vectors = tmp_path / "vectors.npz"
    run(capsys, "embed", photos, "--module", "tiny_imagenet", "--output", vectors)
    code, out, err = run(capsys, "similar", photos, "--among", vectors, "--module", small_module)
    assert (code, out) == (
        2,
        "",
    ) and "vectors made with module tiny_imagenet, not small; give what made" in err
    code, out, err = run(
        capsys, "similar", photos, "--among", vectors, "--module", "tiny_imagenet", "--top", "1"
    )
    assert code == 0 and len(out.splitlines()) == 9


def test_stopped_it_keeps_the_vectors_so_far(
    photos: Path, small_module: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(photo_run.StopSignals, "received", 2)
    command = ("similar", photos, "--duplicates", "--module", small_module)
    code, out, err = run(capsys, *command)
    assert (code, out) == (130, "")
    assert err.endswith("Stopped; the vectors so far are kept, and the same command continues.\n")
    monkeypatch.undo()
    assert run(capsys, *command)[0] == 0
