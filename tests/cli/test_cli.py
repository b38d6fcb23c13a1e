"""How the command line begins: Ctrl-C is quiet from the first line on."""

import signal
import subprocess
import sys

INTERRUPTED = """
import os, signal, sys

class Interrupter:
    def find_spec(self, name, path=None, target=None):
        if name == sys.argv[1]:
            os.kill(os.getpid(), signal.SIGINT)

signal.signal(signal.SIGINT, signal.default_int_handler)  # which a shell's background processes lack
sys.meta_path.insert(0, Interrupter())
from inception_hub.cli import main
main(sys.argv[2:])
"""


def interrupted_at(module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", INTERRUPTED, module, *arguments]
    return subprocess.run(command, capture_output=True, text=True)


def test_ctrl_c_while_the_verbs_are_imported() -> None:
    for module in ("inception_hub.cli.streams", "inception_hub.cli.app", "typer"):
        done = interrupted_at(module, "--help")
        assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, "", ""), module


def test_ctrl_c_while_a_verb_imports() -> None:
    done = interrupted_at("inception_hub.bundle.describe", "info", "tiny_imagenet")
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")
