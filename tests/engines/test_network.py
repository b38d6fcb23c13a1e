"""No network but what is asked for: none at import, none while answering, none at all if forbidden."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.places import TESTS
from PIL import Image

# Hooks see every look-up and connection of the process and of what it forks, whatever library makes it.
WATCHED = """
import os, sys

NETWORK = {"socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto", "socket.sendmsg"}

def watch(event, arguments):
    if event in NETWORK:
        descriptor = os.open(os.environ["SEEN"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.write(descriptor, f"{event} {arguments[1:]}\\\\n".encode())
        raise OSError("there is no network in this test")

sys.addaudithook(watch)
"""
EVERYTHING = """
import importlib, pkgutil, sys, inception_hub
sys.path.append(sys.argv[1])
from helpers.torchvision_operators import declare
declare()
from inception_hub.errors import MissingExtraError
for found in pkgutil.walk_packages(inception_hub.__path__, "inception_hub."):
    if found.name == "inception_hub.__main__":
        continue
    try:
        importlib.import_module(found.name)
    except MissingExtraError:
        pass
    except ModuleNotFoundError as error:  # of an extra, too
        if error.name.startswith("inception_hub"):
            raise
"""


def watched(
    code: str, seen: Path, *arguments: object, offline: str = "0"
) -> "subprocess.CompletedProcess[str]":
    environment = {
        **os.environ,
        "SEEN": str(seen),
        "INCEPTION_HUB_OFFLINE": offline,
        "HOME": str(seen.parent),
    }
    command = [sys.executable, "-c", WATCHED + code, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


@pytest.mark.slow  # PyTorch, OpenVINO, NNCF and whatever else there is, in one process
def test_importing_everything_asks_nobody(tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    done = watched(EVERYTHING, seen, TESTS)
    assert done.returncode == 0, done.stderr
    assert not seen.exists(), seen.read_text()


def test_answering_asks_nobody(tmp_path: Path, small_module: Path) -> None:
    seen = tmp_path / "seen"
    Image.new("RGB", (64, 64)).save(tmp_path / "photo.png")
    code = "from inception_hub.cli import main; main()"
    done = watched(code, seen, "classify", tmp_path / "photo.png", "--module", small_module)
    assert done.returncode == 0, done.stderr
    assert not seen.exists(), seen.read_text()
    assert not (tmp_path / "intel").exists()  # where OpenVINO's telemetry keeps who one is


@pytest.mark.parametrize("handle", ["imagenet", "http://127.0.0.1:9/module.tar.gz"])
def test_the_watch_sees_and_offline_nothing_is_asked(handle: str, tmp_path: Path) -> None:
    code = "from inception_hub.cli import main; main()"
    seen = tmp_path / "seen"
    done = watched(code, seen, "pull", handle, offline="1")
    assert done.returncode == 2 and "INCEPTION_HUB_OFFLINE forbids the network" in done.stderr
    assert not seen.exists()
    done = watched(code, seen, "pull", handle)
    assert done.returncode == 2 and "Nothing could be downloaded" in done.stderr
    assert seen.exists()
