"""The setting of glibc that keeps freed memory, and how much a process held."""

import platform
import sys
from pathlib import Path

import pytest

from inception_hub.system import memory
from inception_hub.system.memory import keep_freed_memory, peak_mb


def test_glibc_accepts_the_setting() -> None:
    assert keep_freed_memory() == (platform.libc_ver()[0] == "glibc")


def test_other_systems_have_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory.sys, "platform", "darwin")
    assert keep_freed_memory() is False


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="Linux tells it in two ways")
def test_two_ways_to_tell_the_most_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    most = peak_mb()
    assert most == memory._told_by_linux() and most is not None and most > 20
    held = bytearray(50_000_000)
    held[::4096] = b"\1" * len(held[::4096])
    after, by_posix = memory._told_by_linux(), memory._told_by_posix()
    assert after is not None and by_posix is not None and after <= by_posix * 1.01
    assert by_posix < max(20 * after, 4000), "in MB, too"
    with monkeypatch.context() as patch:
        patch.setattr(sys, "platform", "win32")
        assert memory._told_by_posix() is None
