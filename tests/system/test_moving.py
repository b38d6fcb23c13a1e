"""A file copied or moved: whole, with its times, never over another, also between file systems."""

import errno
import os
import stat
from pathlib import Path

import pytest

from inception_hub.system import moving
from inception_hub.system.moving import copy_new, digest_of, has_digest, move_new, write_new


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.jpg"
    path.write_bytes(b"pixels" * 1000)
    os.utime(path, ns=(10**18, 10**18))
    path.chmod(0o440)
    return path


def test_a_copy_has_content_times_and_permissions(photo: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy.jpg"
    copy_new(photo, target, digest_of(photo))
    assert target.read_bytes() == photo.read_bytes() and target.stat().st_mtime_ns == 10**18
    assert stat.S_IMODE(target.stat().st_mode) == 0o440
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy.jpg", "photo.jpg"]


def test_nothing_is_overwritten(photo: Path, tmp_path: Path) -> None:
    target = tmp_path / "mine"
    target.write_text("mine")
    for act in (copy_new, move_new):
        with pytest.raises(FileExistsError):
            act(photo, target, digest_of(photo))
    with pytest.raises(FileExistsError):
        write_new(target, b"theirs")
    assert target.read_text() == "mine" and photo.exists()
    assert len(list(tmp_path.iterdir())) == 2


def test_a_photo_that_changes_meanwhile_is_not_copied(photo: Path, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="it changes while it is read"):
        copy_new(photo, tmp_path / "copy.jpg", "0" * 64)
    assert list(tmp_path.iterdir()) == [photo]


def another_file_system(monkeypatch: pytest.MonkeyPatch, photo: Path) -> None:
    """Has renaming `photo` fail as it does between file systems."""
    rename_new = moving.rename_new

    def renamed(source: Path, target: Path) -> None:
        if source == photo:
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
        rename_new(source, target)

    monkeypatch.setattr(moving, "rename_new", renamed)


@pytest.mark.parametrize("apart", [False, True])
def test_a_move_leaves_nothing_behind(
    apart: bool, photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if apart:
        another_file_system(monkeypatch, photo)
    digest = digest_of(photo)
    move_new(photo, tmp_path / "moved.jpg", digest)
    assert [path.name for path in tmp_path.iterdir()] == ["moved.jpg"]
    assert (
        has_digest(tmp_path / "moved.jpg", digest) and (tmp_path / "moved.jpg").stat().st_mtime_ns == 10**18
    )


def test_between_file_systems_the_copy_is_on_the_disk_before_the_photo_goes(
    photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    another_file_system(monkeypatch, photo)
    calls: list[str] = []
    fsync, unlink = os.fsync, os.unlink

    def flushed(descriptor: int) -> None:
        calls.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        fsync(descriptor)

    def removed(path: object, **given: object) -> None:
        calls.append("removed" if path == photo else "other")
        unlink(path, **given)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "fsync", flushed)
    monkeypatch.setattr(os, "unlink", removed)
    move_new(photo, tmp_path / "moved.jpg", digest_of(photo))
    assert calls[:3] == ["file", "folder", "removed"] and calls[-1] == "folder"


def test_a_photo_that_cannot_go_stays_alone(
    photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    another_file_system(monkeypatch, photo)
    unlink = os.unlink

    def refused(path: object, **given: object) -> None:
        if path == photo:
            raise PermissionError(errno.EACCES, "Permission denied")
        unlink(path, **given)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "unlink", refused)
    with pytest.raises(PermissionError):
        move_new(photo, tmp_path / "moved.jpg", digest_of(photo))
    assert list(tmp_path.iterdir()) == [photo]


def test_a_link_has_no_digest(photo: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(photo)
    assert has_digest(photo, digest_of(photo)) and not has_digest(tmp_path / "link", digest_of(photo))
    assert not has_digest(tmp_path / "gone", digest_of(photo)) and not has_digest(tmp_path, "0" * 64)
