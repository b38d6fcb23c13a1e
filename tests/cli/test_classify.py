"""`classify`: rows in every format, errors as rows, a gallery."""

import csv
import io
import json
from pathlib import Path

import pytest
from helpers.command import run
from PIL import Image


def test_classify_jsonl(capsys: pytest.CaptureFixture[str], photos: Path, small_module: Path) -> None:
    code, out, err = run(
        capsys, "classify", photos, "--module", small_module, "--format", "jsonl", "--top", 2
    )
    assert code == 0
    records = [json.loads(line) for line in out.splitlines()]
    assert [Path(record["path"]).name for record in records] == ["0.png", "1.png", "2.png"]
    for record in records:
        assert list(record) == ["path", "module", "predictions"]
        assert record["module"] == "small"
        first, second = record["predictions"]
        assert list(first) == ["label", "index", "probability"]
        assert first["probability"] >= second["probability"] > 0
    assert err == "Answering with small.\n"


def test_classify_table_and_csv(capsys: pytest.CaptureFixture[str], photos: Path, small_module: Path) -> None:
    code, out, _ = run(capsys, "classify", photos / "1.png", "--module", small_module)
    assert code == 0 and "1.png" in out and "%" in out and "answered by small" in out
    code, out, _ = run(capsys, "classify", photos, "--module", small_module, "--format", "csv", "--top", 3)
    rows = list(csv.DictReader(io.StringIO(out)))
    assert code == 0 and len(rows) == 9
    assert [row["rank"] for row in rows[:3]] == ["1", "2", "3"]
    assert rows[0]["label"] == "abcdefghij"[int(rows[0]["index"])]


def test_photos_beyond_the_limit_are_rows_with_an_error(
    capsys: pytest.CaptureFixture[str], photos: Path, small_module: Path
) -> None:
    Image.new("RGB", (90, 90)).save(photos / "3.png")
    common = ("--module", small_module, "--format", "jsonl", "--max-pixels", 5000)
    for verb in ("classify", "embed"):
        code, out, _ = run(capsys, verb, photos, *common)
        errors = [json.loads(line).get("error") for line in out.splitlines()]
        assert code == 1 and errors[:3] == [None] * 3
        assert "has 90 x 90 pixels; at most 5,000 are accepted" in errors[3]


def test_gallery(
    capsys: pytest.CaptureFixture[str], photos: Path, small_module: Path, tmp_path: Path
) -> None:
    page = tmp_path / "page.html"
    code, _, err = run(capsys, "classify", photos, "--module", small_module, "--gallery", page)
    assert code == 0 and f"Pictures: {page}" in err
    html = page.read_text("utf-8")
    assert html.count("data:image/jpeg;base64,") == 3 and "small" in html


def test_one_bad_photo_costs_only_itself(
    capsys: pytest.CaptureFixture[str], photos: Path, small_module: Path
) -> None:
    (photos / "1.png").write_text("not a photo")
    code, out, err = run(
        capsys, "classify", photos, photos / "gone.jpg", "--module", small_module, "--format", "jsonl"
    )
    records = [json.loads(line) for line in out.splitlines()]
    assert code == 1 and len(records) == 4
    assert ["error" in record for record in records] == [False, True, False, True]
    assert "2 of 4 photos could not be read:" in err
    assert "1.png is no readable image" in err and "gone.jpg does not exist" in err
