"""Locks: one holder at a time, of what still has its name."""

import os
from pathlib import Path

import pytest

from inception_hub.system import locks
from inception_hub.system.atomic import remove_stale
from inception_hub.system.locks import hold_directory, hold_left, is_open_at, release, try_lock
from inception_hub.system.outputs import claimed, held

with_locks = pytest.mark.skipif(os.name != "posix", reason="there are locks on POSIX systems only")


@with_locks
def test_a_file_is_locked_until_it_is_closed(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    first, second = (os.open(tmp_path / "file", os.O_RDWR) for _ in range(2))
    assert try_lock(first) is True and try_lock(second) is False
    os.close(first)
    assert try_lock(second) is True
    os.close(second)


@with_locks
def test_a_directory_has_one_holder(tmp_path: Path) -> None:
    held = hold_directory(tmp_path / "run")
    with pytest.raises(BlockingIOError):
        hold_directory(tmp_path / "run")
    release(held)
    release(hold_directory(tmp_path / "run"))


def test_what_was_removed_and_made_again_is_not_what_is_open(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    descriptor = os.open(path, os.O_RDWR)
    assert is_open_at(descriptor, path)
    path.rename(tmp_path / "elsewhere")
    assert not is_open_at(descriptor, path)
    path.touch()
    assert not is_open_at(descriptor, path)
    os.close(descriptor)


@with_locks
def test_a_directory_removed_while_it_is_opened_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts: list[bool] = []

    def lock(descriptor: int) -> bool | None:
        if not attempts:  # its last holder removes it just before it is locked here
            (tmp_path / "run").rmdir()
        attempts.append(True)
        return try_lock(descriptor)

    monkeypatch.setattr(locks, "try_lock", lock)
    held = hold_directory(tmp_path / "run")
    assert held is not None and is_open_at(held, tmp_path / "run") and len(attempts) == 2
    release(held)


@with_locks
def test_what_a_killed_run_left_is_held_by_nobody(tmp_path: Path) -> None:
    (tmp_path / "left").mkdir()
    (tmp_path / "link").symlink_to("left")
    with pytest.raises(OSError):
        hold_left(tmp_path / "link")
    held = hold_left(tmp_path / "left")
    assert held is not None and hold_left(tmp_path / "left") is None
    release(held)


@pytest.mark.parametrize("lacking", [("fcntl", "DIRECTORY"), ("fcntl",)], ids=["Windows", "a file system"])
def test_without_locks_nobody_is_refused_and_nothing_collected(
    lacking: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in lacking:
        monkeypatch.setattr(locks, name, None)
    left = tmp_path / ".a.0123456789abcdef.partial"
    left.mkdir()
    for _ in range(2):
        with claimed(tmp_path / "a"), claimed(tmp_path / "a"), held(tmp_path / "run"), held(tmp_path / "run"):
            remove_stale.cache_clear()
            remove_stale(tmp_path)
            assert (tmp_path / "run").is_dir()
        assert [path.name for path in tmp_path.iterdir()] == [left.name]
    with (tmp_path / "file").open("wb") as file:
        assert try_lock(file.fileno()) is None
