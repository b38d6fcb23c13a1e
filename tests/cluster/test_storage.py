"""Storage by path and by URL: photos and how they are named, and credentials that are never shown."""

import os
from pathlib import Path
from typing import Any

import pytest
from helpers.clusters import rows
from helpers.command import run
from helpers.serving import jpeg

from inception_hub.errors import HandleError

pytest.importorskip("pyarrow")
from inception_hub.cluster.storage import find_photos, is_url, without_credentials  # noqa: E402


@pytest.mark.ray
@pytest.mark.filterwarnings("default")  # Ray's own are many
def test_storage_by_url(
    capsys: pytest.CaptureFixture[str], cluster: Any, photos: str, small_module: Path
) -> None:
    """file:// goes the way of s3:// and gs://."""
    here = Path.cwd()
    common = ("--module", small_module, "--format", "parquet", "--output")
    run(capsys, "classify", photos, *common, "alone.parquet")
    asked = ("classify", f"file://{here}/photos", *common, f"file://{here}/rows", "--ray", cluster.address)
    code, _, err = run(capsys, *asked)
    assert code == 1 and "2 of 203 photos could not be read" in err
    remaining = {row["path"]: row for row in rows("rows")[1]}
    for row in rows("alone.parquet")[1]:
        other = remaining.pop(f"file://{here}/{row['path']}")
        assert other["predictions"] == row["predictions"]
        assert (other["error"] is None) == (row["error"] is None)
    assert not remaining
    code, _, err = run(capsys, *asked)
    assert code == 2 and "/rows exists and is left as it is" in err
    code, _, err = run(capsys, "classify", f"file://{here}/rows", *common, "x", "--ray", cluster.address)
    assert code == 2 and "this folder holds no photo" in err and not Path("x").exists()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b.jpg", "deep/a.PNG", ".hidden.jpg", "deep/.cache/c.jpg", "note.txt"):
        (tmp_path / "photos" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "photos" / name).write_bytes(jpeg(len(name)))
    return tmp_path / "photos"


def test_photos_come_in_the_order_of_the_inputs_by_path_and_by_url(folder: Path) -> None:
    given = [f"file://{folder}/deep", str(folder / "b.jpg"), f"file://{folder}"]
    locations = list(find_photos(given))
    assert [location.name for location in locations] == [
        f"file://{folder}/deep/a.PNG",
        str(folder / "b.jpg"),
        f"file://{folder}/b.jpg",
        f"file://{folder}/deep/a.PNG",
    ]
    assert locations[1].url is None and locations[1].photo().source == str(folder / "b.jpg")


def test_a_photo_behind_a_url_is_read_when_it_is_decoded_and_no_further_than_asked(folder: Path) -> None:
    (location,) = find_photos([f"file://{folder}/b.jpg"])
    photo = location.photo()
    content = (folder / "b.jpg").read_bytes()
    assert photo.path == f"file://{folder}/b.jpg"
    assert photo.source.read(1 << 40) == content and photo.source.read(10) == content[:10]
    os.unlink(folder / "b.jpg")
    with pytest.raises(OSError):
        photo.source.read(10)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("-", "standard input, which other machines cannot read; give a path"),
        ("nonsense://bucket/photos", "nonsense://bucket/photos leads to no storage .*; give a path, s3://"),
        ("FOLDER/empty", "this folder holds no photo"),
        ("file://FOLDER/empty", "this folder holds no photo .*; give another"),
    ],
)
def test_inputs_without_photos_are_refused_before_the_first(tmp_path: Path, given: str, says: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(HandleError, match=says):
        find_photos(["first.jpg", given.replace("FOLDER", str(tmp_path))])


def test_credentials_are_left_out_of_what_is_shown() -> None:
    assert without_credentials("s3://key:secret@bucket/photos?region=x&secret=y") == "s3://bucket/photos"
    assert without_credentials("gs://bucket/a@b") == "gs://bucket/a@b"
    assert without_credentials("user@host/photos") == "user@host/photos"
    assert is_url("s3://bucket") and not is_url("s3:bucket")
