"""Arguments -> photos."""

from pathlib import Path

import pytest

from inception_hub.errors import HandleError
from inception_hub.images import find
from inception_hub.images.find import Unread, find_images
from inception_hub.system.extras import install_command


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b.jpg", "a.PNG", "notes.txt", ".hidden.jpg", "sub/c.webp", "sub/deep/d.jpeg", ".git/e.jpg"):
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path / "photos"


def relative(paths: list[str], folder: Path) -> list[str]:
    return [str(Path(path).relative_to(folder)) for path in paths]


def test_folders_are_searched_in_depth_and_in_order(folder: Path) -> None:
    found = relative(list(find_images([str(folder)])), folder)
    assert found == ["a.PNG", "b.jpg", "sub/c.webp", "sub/deep/d.jpeg"]


def test_arguments_keep_their_order_and_files_their_names(folder: Path) -> None:
    notes = str(folder / "notes.txt")
    assert list(find_images([notes, "-", "nowhere.jpg", str(folder / "b.jpg")])) == [
        notes, "-", "nowhere.jpg", str(folder / "b.jpg"),
    ]  # fmt: skip


def test_globs(folder: Path) -> None:
    assert relative(list(find_images([f"{folder}/*.jpg"])), folder) == ["b.jpg"]
    found = relative(list(find_images([f"{folder}/**/*.[jw]*"])), folder)
    assert sorted(found) == ["b.jpg", "sub/c.webp", "sub/deep/d.jpeg"]
    (folder / "sub.jpg").mkdir()
    assert relative(list(find_images([f"{folder}/*"])), folder) == ["a.PNG", "b.jpg"]


@pytest.mark.parametrize("pattern", ["", "/*.jpg", "/**/*.jpg"])
def test_photos_come_sorted_however_the_disk_lists_them(tmp_path: Path, pattern: str) -> None:
    """Made in an order that is neither ascending nor descending, as some file systems list names so."""
    names = [f"{number * 37 % 101:03}.jpg" for number in range(101)]
    for name in names:
        (tmp_path / name).touch()
    assert relative(list(find_images([f"{tmp_path}{pattern}"])), tmp_path) == sorted(names)


def test_a_file_with_a_glob_in_its_name_is_a_file(folder: Path) -> None:
    path = folder / "holiday[1].jpg"
    path.touch()
    assert list(find_images([str(path)])) == [str(path)]


def test_other_files_are_counted_by_ending(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(find, "EXTENSIONS", tuple(sorted(set(find.EXTENSIONS) - set(find.HEIC))))
    for name in ("1.heic", "2.HEIC", "sub/3.mov", "README", "4.jfif", "5.jpe", "6.MPO"):
        (folder / name).touch()
    unread = Unread()
    found = relative(list(find_images([str(folder), f"{folder}/*"], unread)), folder.parent)
    assert found.count("photos/4.jfif") == found.count("photos/5.jpe") == found.count("photos/6.MPO") == 2
    assert unread == {".heic": 4, ".mov": 1, ".txt": 2, "without an ending": 2}
    assert str(unread) == (
        "9 files are not read, being no photos by their names: 4 .heic, 2 without an ending, 2 .txt, 1 .mov."
        f" HEIC needs pillow-heif: {install_command('heic')}."
    )
    unread = Unread({".heic": 1})
    assert str(unread).startswith("1 file is not read") and not Unread()
    assert str(Unread({f".{n}": 1 for n in range(12)})).endswith(" and 2 other endings.")


def test_the_home_folder_where_no_shell_expands_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(folder))
    assert list(find_images(["~/sub", "~/b.jpg", "~/*.jpg"])) == [
        str(folder / "sub" / "c.webp"),
        str(folder / "sub" / "deep" / "d.jpeg"),
        *[str(folder / "b.jpg")] * 2,
    ]


def test_what_storage_devices_put_there_is_no_photo(folder: Path) -> None:
    before = list(find_images([str(folder)]))
    for name in (
        "@eaDir/1.jpg",
        "sub/@eaDir/c.webp/SYNO.jpg",
        "__MACOSX/2.jpg",
        "#recycle/3.jpg",
        "lost+found/4.jpg",
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    assert list(find_images([str(folder)])) == before


def test_link_loops_end(folder: Path) -> None:
    (folder / "sub" / "loop").symlink_to(folder)
    assert len(list(find_images([str(folder)]))) == 4


def test_nothing_found_is_said_before_anything_is_read(folder: Path) -> None:
    (folder / "empty").mkdir()
    with pytest.raises(
        HandleError, match="empty: this folder holds no photo .*give photos or another folder"
    ):
        find_images([str(folder), str(folder / "empty")])
    with pytest.raises(HandleError, match="this pattern matches no photo"):
        find_images([f"{folder}/*.bmp"])


def test_a_folder_that_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "in" / "out").mkdir(parents=True)
    (tmp_path / "in" / "out" / "a.jpg").touch()
    (tmp_path / "in" / "out" / "a.txt").touch()
    (tmp_path / "link").symlink_to(tmp_path / "in" / "out")
    unread, without = Unread(), str(tmp_path / "in" / "out")
    assert list(find_images([str(tmp_path)], unread, without)) == [] and not unread
    (tmp_path / "b.jpg").touch()
    assert list(find_images([str(tmp_path)], unread, without)) == [str(tmp_path / "b.jpg")] and not unread
    assert len(list(find_images([str(tmp_path)], unread, str(tmp_path / "not there")))) == 3
    with pytest.raises(HandleError, match="out: photos go into this folder, so none is taken from it"):
        find_images([without], unread, without)
