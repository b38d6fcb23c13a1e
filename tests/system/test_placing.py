"""A target appears whole and in one step, or nothing changes."""

import os
from pathlib import Path

import pytest

from inception_hub.errors import OutputError
from inception_hub.system import placing
from inception_hub.system.placing import written


def tree(folder: Path) -> dict[str, bytes | None]:
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
    }


def put(path: Path, content: str, force: bool = False) -> None:
    with written(path, force) as temporary:
        assert temporary.name == path.name and temporary.parent.parent == path.parent
        temporary.write_text(content)


def put_folder(path: Path, names: str, force: bool = False) -> None:
    with written(path, force) as temporary:
        temporary.mkdir()
        for name in names:
            (temporary / name).write_text(names)


@pytest.fixture(params=[True, False], ids=["renameat2", "without"], autouse=True)
def _system(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if not request.param:
        monkeypatch.setattr(placing.sys, "platform", "another")


def test_files_and_directories_are_made_with_their_folders(tmp_path: Path) -> None:
    put(tmp_path / "a/b/file", "new")
    put_folder(tmp_path / "a/c", "xy")
    assert tree(tmp_path) == {
        "a": None, "a/b": None, "a/b/file": b"new", "a/c": None, "a/c/x": b"xy", "a/c/y": b"xy",
    }  # fmt: skip


def test_what_is_there_is_replaced_only_with_force(tmp_path: Path) -> None:
    put(tmp_path / "file", "old")
    put_folder(tmp_path / "folder", "x")
    before = tree(tmp_path)
    for name in ("file", "folder"):
        with pytest.raises(OutputError, match=f"{name} exists and is left as it is; .* --force"):
            put(tmp_path / name, "new")
    assert tree(tmp_path) == before
    put(tmp_path / "file", "new", force=True)
    put_folder(tmp_path / "folder", "xy", force=True)
    assert tree(tmp_path) == {"file": b"new", "folder": None, "folder/x": b"xy", "folder/y": b"xy"}


def test_what_appears_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="exists and is left as it is"):
        with written(tmp_path / "file", force=False) as temporary:
            temporary.write_text("ours")
            (tmp_path / "file").write_text("theirs")
    assert tree(tmp_path) == {"file": b"theirs"}


def test_force_takes_no_folder_of_other_things_away(tmp_path: Path) -> None:
    put_folder(tmp_path / "home", "xyz")
    (tmp_path / "link").symlink_to("home")
    before = tree(tmp_path)
    with pytest.raises(OutputError, match="home also holds y, z, which would be lost"):
        put_folder(tmp_path / "home", "x", force=True)
    with pytest.raises(OutputError, match="home is not a file that could be replaced"):
        put(tmp_path / "home", "x", force=True)
    with pytest.raises(OutputError, match="link is not a directory that could be replaced"):
        put_folder(tmp_path / "link", "xyz", force=True)
    assert tree(tmp_path) == before


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError, OSError(28, "No space left on device")])
def test_a_failure_leaves_nothing(tmp_path: Path, error: BaseException) -> None:
    put(tmp_path / "file", "old")
    before = tree(tmp_path)
    for path in (tmp_path / "file", tmp_path / "new/folder/file"):
        with pytest.raises((OutputError, KeyboardInterrupt, ValueError)) as raised:
            with written(path, force=True) as temporary:
                temporary.write_text("half")
                raise error
        if isinstance(error, OSError):
            assert str(raised.value).startswith(f"{path} cannot be written (No space left on device); ")
    assert tree(tmp_path) == before


def test_where_nothing_can_be_written(tmp_path: Path) -> None:
    put(tmp_path / "file", "old")
    with pytest.raises(OutputError, match="cannot be written .Not a directory"):
        put(tmp_path / "file/below", "new")
    with pytest.raises(OutputError, match="cannot be written"):
        put(Path("/proc/nothing/here"), "new")
    for path in (Path("/"), Path("."), tmp_path / ".."):
        with pytest.raises(OutputError, match="give the name of a file or directory"):
            put(path, "new", force=True)


def test_what_is_there_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="exists"), written(tmp_path / "file", force=False):
        pytest.fail("an export may take minutes")


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="open files have names on Linux only")
def test_content_is_on_the_disk_before_what_it_replaces_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_folder(tmp_path / "folder", "x")
    put(tmp_path / "file", "old")
    flushed: list[str] = []
    contents: list[tuple[set[str], str]] = []
    copies: list[int] = []

    def fsync(descriptor: int) -> None:
        flushed.append(Path(os.readlink(f"/proc/self/fd/{descriptor}")).name)
        contents.append((set(os.listdir(tmp_path / "folder")), (tmp_path / "file").read_text()))
        copies.append(len(list(tmp_path.rglob("x"))))

    monkeypatch.setattr(placing.os, "fsync", fsync)
    put_folder(tmp_path / "folder", "xy", force=True)
    assert set(flushed[:2]) == {"x", "y"} and flushed[2:] == ["folder", tmp_path.name]
    assert contents == [({"x"}, "old")] * 3 + [({"x", "y"}, "old")]
    assert copies == [2] * 4, "the old one is still there while the new one's name is flushed"
    put(tmp_path / "file", "new", force=True)
    assert flushed[4:] == ["file", tmp_path.name]
    assert contents[4:] == [({"x", "y"}, "old"), ({"x", "y"}, "new")]
    put(tmp_path / "another", "new")
    assert flushed[6:] == ["another", tmp_path.name]
