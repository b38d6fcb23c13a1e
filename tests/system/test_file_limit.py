"""How many files may be open: raised as far as the system lets a process."""

import subprocess
import sys

import pytest

from inception_hub.system.file_limit import allow_open_files

PROGRAM = "from inception_hub.system.file_limit import allow_open_files as allow; print(allow({}), allow(10))"


@pytest.mark.skipif(sys.platform == "win32", reason="a limit of POSIX systems")
def test_the_limit_is_raised_as_far_as_it_may_be() -> None:
    for wanted, allowed in ((90, 90), (100, 100), (2000, 100)):
        command = 'ulimit -Sn 80 && ulimit -Hn 100 && exec "$0" -c "$1"'
        done = subprocess.run(
            ["sh", "-c", command, sys.executable, PROGRAM.format(wanted)], capture_output=True, text=True
        )
        assert done.stdout == f"{allowed} 10\n", done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="a limit of POSIX systems")
def test_a_limit_that_the_system_does_not_raise_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """On macOS the hard limit is infinite, and yet no process may open more than `kern.maxfilesperproc`."""
    import resource

    def refuse(*_: object) -> None:
        raise ValueError("current limit exceeds maximum limit")

    monkeypatch.setattr(resource, "getrlimit", lambda _: (256, resource.RLIM_INFINITY))
    monkeypatch.setattr(resource, "setrlimit", refuse)
    assert allow_open_files(300) == 256


def test_what_fits_is_left_as_it_is() -> None:
    assert allow_open_files(10) == 10
