"""Locks: one holder at a time, of what still has its name."""

import os
from pathlib import Path

import pytest

from inception_hub.system.locks import hold_directory, is_open_at, release, try_lock

pytestmark = pytest.mark.skipif(os.name != "posix", reason="there are locks on POSIX systems only")


def test_a_file_is_locked_until_it_is_closed(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    first, second = (os.open(tmp_path / "file", os.O_RDWR) for _ in range(2))
    assert try_lock(first) is True and try_lock(second) is False
    os.close(first)
    assert try_lock(second) is True
    os.close(second)


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


def test_a_directory_removed_while_it_is_opened_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from inception_hub.system import locks

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
