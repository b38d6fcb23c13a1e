"""Signals that end a process, also one that is a container's first, in a namespace of its own."""

import shutil
import signal
import subprocess
import sys

import pytest

CODE = """
import os, signal, sys
from inception_hub.system.signals import end_at

number = signal.Signals(int(sys.argv[1]))
if sys.argv[2] == "handled":
    end_at(number)
os.kill(os.getpid(), number)
print("still there, number", os.getpid())
"""
NAMESPACE = ("unshare", "--user", "--map-root-user", "--pid", "--fork")


def ended(number: signal.Signals, how: str, *before: str) -> tuple[int, str]:
    command = [*before, sys.executable, "-c", CODE, str(int(number)), how]
    done = subprocess.run(command, capture_output=True, text=True)
    return done.returncode, done.stdout


@pytest.fixture(scope="module")
def first() -> tuple[str, ...]:
    """What starts a command as the first process of a namespace."""
    if not shutil.which("unshare") or subprocess.run([*NAMESPACE, "true"], capture_output=True).returncode:
        pytest.skip("needs namespaces of processes that this user may make")
    return NAMESPACE


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_process_is_ended_by_the_signal(number: signal.Signals) -> None:
    assert ended(number, "handled") == (-number, "")


def test_a_containers_first_process_is_ended_too(first: tuple[str, ...]) -> None:
    assert ended(signal.SIGTERM, "unhandled", *first) == (0, "still there, number 1\n"), "the kernel's rule"
    assert ended(signal.SIGTERM, "handled", *first) == (143, "")
    assert ended(signal.SIGINT, "handled", *first) == (130, "")


def test_the_command_line_as_a_containers_first_process(first: tuple[str, ...]) -> None:
    """While it imports, and afterwards in a verb that does not look at signals."""
    code = """
import os, signal, sys

class Ending:
    def find_spec(self, name, path=None, target=None):
        if name == sys.argv[1]:
            os.kill(os.getpid(), signal.SIGTERM)

sys.meta_path.insert(0, Ending())
from inception_hub.cli import main
main(sys.argv[2:])
"""
    for module in ("inception_hub.cli.streams", "inception_hub.bundle.describe"):
        command = [*first, sys.executable, "-c", code, module, "info", "tiny_imagenet"]
        done = subprocess.run(command, capture_output=True, text=True)
        assert (done.returncode, done.stdout, done.stderr) == (143, "", ""), module
