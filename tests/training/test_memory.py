"""The setting of glibc that keeps freed memory."""

import platform

from inception_hub.training.memory import keep_freed_memory


def test_glibc_accepts_the_setting() -> None:
    assert keep_freed_memory() == (platform.libc_ver()[0] == "glibc")
