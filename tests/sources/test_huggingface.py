"""`hf://` and `push`, in processes of their own: its library reads the environment when imported."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers import forked
from helpers.hub_server import COMMIT, TOKEN, Hub, running

from inception_hub import bundle


@pytest.fixture
def hub() -> Iterator[Hub]:
    with running() as server:
        yield server


SPELLINGS = """
import sys
import numpy as np
import inception_hub as hub

path, images = sys.argv[1], np.zeros((1, 64, 64, 3), np.float32)
local = hub.Module.from_pretrained(path)
print(local.push_to_hub("someone/small", private=True))
remote = hub.Module.from_pretrained("someone/small", revision="main", engine="openvino")
print(remote.engine, np.array_equal(remote(images), local(images)))
wrong = (path, "main"), ("small", None), ("someone/gone", None), ("someone/small", "branch")
for repository, revision in wrong:
    try:
        hub.Module.from_pretrained(repository, revision=revision)
    except hub.InceptionHubError as error:
        print(error)
"""


def test_the_librarys_own_spellings(hub: Hub, small_module: Path, tmp_path: Path) -> None:
    done = command(hub, tmp_path, small_module, code=SPELLINGS)
    page, same, local, nameless, gone, branch = done.stdout.splitlines()
    assert (page, same) == (f"{hub.url}/someone/small", "openvino True")
    assert hub.private == {"someone/small"}
    assert local.endswith("is on this machine; give a repository, owner/name, or no revision.")
    assert "'hf://small' names no repository; give hf://owner/name" in nameless
    assert "is not on the hub, or is private" in gone and "has no such revision" in branch


def command(
    hub: Hub, folder: Path, *arguments: object, code: str = forked.COMMAND, **environment: str
) -> subprocess.CompletedProcess[str]:
    """`inception-hub ARGUMENTS` with the hub's caches in `folder`, and a token that may write."""
    given = {
        **os.environ, "HF_ENDPOINT": hub.url, "HF_HOME": str(folder / "hf"), "HF_TOKEN": TOKEN,
        "HF_HUB_DISABLE_XET": "1", "INCEPTION_HUB_CACHE": str(folder / "cache"),
        "INCEPTION_HUB_OFFLINE": "0", **environment,
    }  # fmt: skip
    done = forked.run(*arguments, code=code, environment=given)
    assert "Traceback" not in done.stderr
    return done


def refused(done: subprocess.CompletedProcess[str]) -> str:
    assert (done.returncode, done.stdout) == (2, ""), done
    line = done.stderr.splitlines()[-1]
    assert line.startswith("inception-hub: ")
    return line


def test_there_and_back(hub: Hub, small_module: Path, tmp_path: Path) -> None:
    done = command(hub, tmp_path, "push", small_module, "someone/small", "--private")
    assert (done.returncode, done.stdout) == (0, f"{hub.url}/someone/small\n"), done.stderr
    assert hub.private == {"someone/small"}
    files = hub.files["someone/small"]
    assert set(files) == {"README.md", "config.json", "labels.txt", "module.json", "weights.safetensors"}
    assert json.loads(files["config.json"])["id2label"]["9"] == "j"
    card = files["README.md"].decode()
    assert card.startswith("---\n") and card.count("\n---\n") == 1
    for line in ("library_name: inception-hub", "license: apache-2.0", "pipeline_tag: image-classification"):
        assert f"\n{line}\n" in card

    done = command(hub, tmp_path, "pull", "hf://someone/small")
    assert done.returncode == 0, done.stderr
    pulled, expected = bundle.read(Path(done.stdout.strip())), bundle.read(small_module)
    assert all(pulled.weights[n].tobytes() == a.tobytes() for n, a in expected.weights.items())
    hub.requests.clear()
    assert command(hub, tmp_path, "pull", "hf://someone/small").stdout == done.stdout
    assert not hub.requests  # kept

    done = command(hub, tmp_path, "push", "hf://someone/small", "someone/again")
    assert done.returncode == 0 and hub.files["someone/again"]["README.md"].decode() == card
    assert "is public" in refused(command(hub, tmp_path, "push", small_module, "someone/again", "--private"))


def test_without_a_network(hub: Hub, small_module: Path, tmp_path: Path) -> None:
    """What the library's own cache holds serves offline, in a cache of ours that is empty."""
    hub.files["a/b"] = {path.name: path.read_bytes() for path in small_module.iterdir()}
    assert command(hub, tmp_path, "pull", "hf://a/b@main").returncode == 0
    asked = {request.rsplit("/resolve/")[-1] for request in hub.requests if "/resolve/" in request}
    names = {path.name for path in small_module.iterdir()} - {"module.json"}
    assert asked == {"main/module.json", *(f"{COMMIT}/{name}" for name in names)}, "all files of one commit"
    hub.requests.clear()
    for number, variable in enumerate(("INCEPTION_HUB_OFFLINE", "HF_HUB_OFFLINE")):
        elsewhere = {variable: "1", "INCEPTION_HUB_CACHE": str(tmp_path / f"cache{number}")}
        assert command(hub, tmp_path, "pull", "hf://a/b@main", **elsewhere).returncode == 0
        missing = refused(command(hub, tmp_path, "pull", "hf://a/other", **elsewhere))
        assert "not in the cache and the hub cannot be reached" in missing
        forbidden = refused(command(hub, tmp_path, "push", small_module, "a/other", **elsewhere))
        assert "forbids the network, so the hub was not asked about a/other; unset it" in forbidden
    assert not hub.requests


@pytest.mark.slow  # the library tries for twenty seconds
def test_a_hub_that_is_down(hub: Hub, tmp_path: Path) -> None:
    down = command(hub, tmp_path, "pull", "hf://a/other", HF_ENDPOINT="http://127.0.0.1:9")
    assert "cannot be reached" in refused(down)


def test_a_hub_that_takes_no_connection(hub: Hub, small_module: Path, tmp_path: Path) -> None:
    closed = command(hub, tmp_path, "push", small_module, "a/other", HF_ENDPOINT="http://127.0.0.1:9")
    assert "cannot be reached for a/other (Connection refused); check the network." in refused(closed)


def test_what_leads_nowhere(hub: Hub, small_module: Path, tmp_path: Path) -> None:
    hub.files["a/empty"] = {"README.md": b"nothing"}
    hub.files["a/altered"] = {path.name: path.read_bytes() for path in small_module.iterdir()}
    hub.files["a/altered"]["labels.txt"] = b"a\nb\n"
    for handle, message in {
        "hf://a/missing": "is not on the hub, or is private",
        "hf://a/empty": "is no module of ours, for module.json or a file it names is missing",
        "hf://a/empty@branch": "has no such revision",
        "hf://a/altered": "labels.txt is not the file that module.json describes",
        "hf://a": "names no repository; give hf://owner/name",
    }.items():
        assert message in refused(command(hub, tmp_path, "pull", handle))
    for arguments, message in {
        ("someone/new", "HF_TOKEN", "wrong"): "needs a token that may write there",
        ("some one/new", "HF_TOKEN", TOKEN): "is no name of a repository",
    }.items():
        repository, name, value = arguments
        assert message in refused(command(hub, tmp_path, "push", small_module, repository, **{name: value}))
    assert "someone/new" not in hub.files
