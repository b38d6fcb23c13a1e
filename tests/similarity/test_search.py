"""`similar` and `find_duplicates`: the nearest of a folder, a list or vectors; never the query itself."""

import os
import warnings
from pathlib import Path

import numpy as np
import pytest
from helpers.copied_photos import COPIES, scene

import inception_hub as hub
from inception_hub import Module
from inception_hub.errors import ArgumentError, FormatError, HandleError, InputError
from inception_hub.images.find import Unread
from inception_hub.inference.options import Options
from inception_hub.output.run import Target, write_rows
from inception_hub.similarity import search
from inception_hub.similarity.kept import NAME


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for seed in range(5):
        scene(seed).save(folder / f"{seed}.png")
    return folder


def expected(module: Module, query: Path, others: list[Path]) -> list[tuple[str, float]]:
    vectors = hub.embed([query, *others], module).array.astype(float)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    cosines = vectors[1:] @ vectors[0]
    return [(str(others[i]), float(cosines[i])) for i in np.argsort(-cosines)]


def found(row: search.SimilarRow) -> list[tuple[str, float]]:
    assert row.similar is not None
    return [(each.path, each.similarity) for each in row.similar]


def assert_same(one: list[tuple[str, float]], other: list[tuple[str, float]]) -> None:
    assert [path for path, _ in one] == [path for path, _ in other]
    np.testing.assert_allclose([value for _, value in one], [value for _, value in other], atol=1e-5)


def test_the_nearest_by_cosine_without_the_photo_itself(photos: Path, module: Module) -> None:
    query = photos / "3.png"
    others = [photos / f"{seed}.png" for seed in (0, 1, 2, 4)]
    (row,) = hub.similar(query, photos, module=module)
    assert (row.path, row.module, row.error) == (str(query), "small", None)
    assert_same(found(row), expected(module, query, others))
    (row,) = hub.similar(query, photos, module=module, top=2)
    assert_same(found(row), expected(module, query, others)[:2])


def test_a_photo_is_not_in_its_list_under_any_of_its_names(
    photos: Path, module: Module, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.symlink(photos / "0.png", photos / "link.png")
    monkeypatch.chdir(photos.parent)
    rows = list(hub.similar(["photos/0.png", photos / "link.png"], photos, module=module))
    for row in rows:
        assert {os.path.basename(path) for path, _ in found(row)} == {"1.png", "2.png", "3.png", "4.png"}
    scene(0).save(photos / "copy.png")  # another file with the same content is another photo
    (row,) = hub.similar("photos/0.png", photos, module=module, top=1)
    assert found(row)[0][0] == str(photos / "copy.png") and found(row)[0][1] > 0.999


def test_queries_of_any_kind_and_many(photos: Path, module: Module, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "QUERIES", 2)
    queries = [scene(9), (photos / "1.png").read_bytes(), photos / "gone.png", photos, np.asarray(scene(8))]
    rows = list(hub.similar(queries, photos, module=module, top=2))
    names = [
        "image 1",
        "image 2",
        str(photos / "gone.png"),
        *(str(photos / f"{i}.png") for i in range(5)),
        "image 9",
    ]
    assert [row.path for row in rows] == names
    assert rows[2].similar is None and "does not exist" in (rows[2].error or "")
    assert found(rows[1])[0][0] == str(photos / "1.png"), "bytes have no path: the file is another"
    for row in rows[3:8]:
        others = [photos / f"{i}.png" for i in range(5) if str(photos / f"{i}.png") != row.path]
        assert_same(found(row), expected(module, Path(row.path), others)[:2])


def test_vectors_of_a_folder_are_kept_and_those_of_a_list_are_not(photos: Path, module: Module) -> None:
    paths = [photos / f"{i}.png" for i in range(5)]
    (one,) = hub.similar(scene(9), paths, module=module)
    assert not (photos / NAME).exists()
    (other,) = hub.similar(scene(9), [f"{photos}/[01].png", photos, paths[2]], module=module)
    assert (photos / NAME).exists()
    # What is named twice, by a folder and by itself, is found twice.
    assert_same(sorted(set(found(other))), sorted(found(one)))


def test_among_vectors_that_embed_wrote(photos: Path, module: Module, tmp_path: Path) -> None:
    output = tmp_path / "vectors.npz"
    names = iter(str(photos / f"{i}.png") for i in range(5))
    write_rows(module, names, Options("vector"), Target("npz", output))
    (one,) = hub.similar(photos / "2.png", output, module=module)
    (other,) = hub.similar(photos / "2.png", photos, module=module)
    assert_same(found(one), found(other))
    with pytest.raises(FormatError, match="vectors made with resize default, not slim"):
        hub.similar(photos / "2.png", output, module=module, resize="slim")


def test_photos_that_cannot_be_read_are_told_and_left_out(photos: Path, module: Module) -> None:
    (photos / "bad.png").write_bytes(b"no photo")
    with pytest.warns(UserWarning, match=r"1 photo is not searched in: .*bad\.png is no readable image"):
        (row,) = hub.similar(scene(9), photos, module=module)
    assert len(found(row)) == 5


def test_one_photo_has_nothing_to_be_compared_with(tmp_path: Path, module: Module) -> None:
    scene(0).save(tmp_path / "one.png")
    (row,) = hub.similar(tmp_path / "one.png", tmp_path, module=module)
    assert row.similar == ()
    assert hub.find_duplicates(tmp_path, module=module) == []


def test_what_is_refused(photos: Path, module: Module, tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="top is 0; give 1 or more"):
        hub.similar(scene(0), photos, module=module, top=0)
    (tmp_path / "empty").mkdir()
    with pytest.raises(HandleError, match="this folder holds no photo"):
        hub.similar(scene(0), tmp_path / "empty", module=module)
    with pytest.raises(InputError, match="among holds a bytes; give paths, folders or globs of photos"):
        hub.similar(scene(0), [b"photo"], module=module)  # pyright: ignore[reportArgumentType]
    (tmp_path / "bad.png").write_bytes(b"no photo")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(ArgumentError, match="There is no photo to search in: .*bad.png is no readable"):
            list(hub.similar(scene(0), tmp_path / "bad.png", module=module))


def test_find_duplicates(photos: Path, module: Module) -> None:
    COPIES["cropped"](scene(1)).save(photos / "cropped.png")
    COPIES["mirrored"](scene(4)).save(photos / "a mirrored.png")
    (photos / "bad.png").write_bytes(b"no photo")
    rows = hub.find_duplicates(photos, module=module)
    groups = [(row.group, os.path.basename(row.path)) for row in rows if row.group is not None]
    assert groups == [(1, "1.png"), (1, "cropped.png"), (2, "4.png"), (2, "a mirrored.png")]
    assert all(row.score is not None and 0.8 <= row.score <= 1 for row in rows[:4])
    assert "bad.png is no readable image" in (rows[4].error or "")
    assert {each.name for each in photos.iterdir()} >= {"1.png", "cropped.png"}, "nothing is deleted"


def test_a_file_is_no_copy_of_itself(photos: Path, module: Module, monkeypatch: pytest.MonkeyPatch) -> None:
    (photos / "in").mkdir()
    COPIES["mirrored"](scene(4)).save(photos / "in" / "mirrored.png")
    (photos / "in" / "bad.png").write_bytes(b"no photo")
    os.symlink(photos / "0.png", photos / "link.png")
    monkeypatch.chdir(photos)
    given = [photos, photos / "in", "../photos", "in/bad.png"]
    rows = hub.find_duplicates(given, module=module)
    names = [str(photos / name) for name in ("4.png", "in/mirrored.png", "in/bad.png")]
    assert [row.path for row in rows] == names
    with pytest.warns(UserWarning, match="^1 photo is not searched in"):
        (row,) = hub.similar("0.png", given, module=module)
    others = [*(str(photos / f"{seed}.png") for seed in range(1, 5)), names[1]]
    assert sorted(path for path, _ in found(row)) == others


def test_files_that_are_no_photos_are_counted_and_photos_told(photos: Path, module: Module) -> None:
    (photos / "film.mov").touch()
    unread, told = Unread(), []
    options = Options("vector")
    part = search.collect(photos, module, options, stopped=lambda: True)
    assert part.left and not part.paths
    whole = search.collect(photos, module, options, unread=unread, on_photo=lambda: told.append(1))
    assert unread == {".mov": 1} and len(told) == len(whole.paths) == 5 and not whole.left
