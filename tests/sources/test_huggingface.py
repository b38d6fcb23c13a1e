"""`hf://` and `push`, in processes of their own: its library reads the environment when imported."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
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
    done = python(hub, tmp_path, "-c", SPELLINGS, small_module)
    page, same, local, nameless, gone, branch = done.stdout.splitlines()
    assert (page, same) == (f"{hub.url}/someone/small", "openvino True")
    assert hub.private == {"someone/small"}
    assert local.endswith("is on this machine; give a repository, owner/name, or no revision.")
    assert "'hf://small' names no repository; give hf://owner/name" in nameless
    assert "is not on the hub, or is private" in gone and "has no such revision" in branch


COMMANDS = """
import io, json, os, sys
from contextlib import redirect_stderr, redirect_stdout
from inception_hub.cli import main

for arguments in json.loads(sys.argv[1]):
    out, err = (io.TextIOWrapper(io.BytesIO(), write_through=True) for _ in range(2))
    try:
        with redirect_stdout(out), redirect_stderr(err):
            main(arguments)
    except SystemExit as end:
        code = end.code
    print(json.dumps([code, *(each.buffer.getvalue().decode() for each in (out, err))]))
"""
Done = subprocess.CompletedProcess[str]


def command(hub: Hub, folder: Path, *arguments: object, **environment: str) -> Done:
    """`inception-hub ARGUMENTS` with the hub's caches in `folder`, and a token that may write."""
    return python(hub, folder, "-m", "inception_hub", *arguments, **environment)


def commands(hub: Hub, folder: Path, *several: tuple[object, ...], **environment: str) -> list[Done]:
    """The same of several commands, in one process."""
    texts = [[str(each) for each in arguments] for arguments in several]
    done = python(hub, folder, "-c", COMMANDS, json.dumps(texts), **environment)
    assert done.returncode == 0, done.stderr
    ended = [
        Done(each, *json.loads(line)) for each, line in zip(texts, done.stdout.splitlines(), strict=True)
    ]
    assert not any("Traceback" in each.stderr for each in ended)
    return ended


def python(hub: Hub, folder: Path, *arguments: object, **environment: str) -> Done:
    """The same of Python."""
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=100,
        env={
            **os.environ, "HF_ENDPOINT": hub.url, "HF_HOME": str(folder / "hf"), "HF_TOKEN": TOKEN,
            "HF_HUB_DISABLE_XET": "1", "INCEPTION_HUB_CACHE": str(folder / "cache"),
            "INCEPTION_HUB_OFFLINE": "0", **environment,
        },
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    return done


def refused(done: Done) -> str:
    assert (done.returncode, done.stdout) == (2, ""), done
    line = done.stderr.splitlines()[-1]
    assert line.startswith("inception-hub: ")
    return line


def test_there_and_back(hub: Hub, small_module: Path, tmp_path: Path) -> None:
    done, pulled_once = commands(
        hub,
        tmp_path,
        ("push", small_module, "someone/small", "--private"),
        ("pull", "hf://someone/small"),
    )
    assert (done.returncode, done.stdout) == (0, f"{hub.url}/someone/small\n"), done.stderr
    assert hub.private == {"someone/small"}
    files = hub.files["someone/small"]
    assert set(files) == {"README.md", "config.json", "labels.txt", "module.json", "weights.safetensors"}
    assert json.loads(files["config.json"])["id2label"]["9"] == "j"
    card = files["README.md"].decode()
    assert card.startswith("---\n") and card.count("\n---\n") == 1
    for line in ("library_name: inception-hub", "license: apache-2.0", "pipeline_tag: image-classification"):
        assert f"\n{line}\n" in card

    assert pulled_once.returncode == 0, pulled_once.stderr
    pulled, expected = bundle.read(Path(pulled_once.stdout.strip())), bundle.read(small_module)
    assert all(pulled.weights[n].tobytes() == a.tobytes() for n, a in expected.weights.items())
    hub.requests.clear()
    assert command(hub, tmp_path, "pull", "hf://someone/small").stdout == pulled_once.stdout
    assert not hub.requests  # kept

    done, public = commands(
        hub,
        tmp_path,
        ("push", "hf://someone/small", "someone/again"),
        ("push", small_module, "someone/again", "--private"),
    )
    assert done.returncode == 0 and hub.files["someone/again"]["README.md"].decode() == card
    assert "is public" in refused(public)


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
        there, missing, forbidden = commands(
            hub,
            tmp_path,
            ("pull", "hf://a/b@main"),
            ("pull", "hf://a/other"),
            ("push", small_module, "a/other"),
            **elsewhere,
        )
        assert there.returncode == 0
        assert "not in the cache and the hub cannot be reached" in refused(missing)
        said = "forbids the network, so the hub was not asked about a/other; unset it"
        assert said in refused(forbidden)
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
    nowhere = {
        "hf://a/missing": "is not on the hub, or is private",
        "hf://a/empty": "is no module of ours, for module.json or a file it names is missing",
        "hf://a/empty@branch": "has no such revision",
        "hf://a/altered": "labels.txt is not the file that module.json describes",
        "hf://a": "names no repository; give hf://owner/name",
    }
    *pulled, nameless = commands(
        hub,
        tmp_path,
        *(("pull", handle) for handle in nowhere),
        ("push", small_module, "some one/new"),
    )
    for done, message in zip(pulled, nowhere.values(), strict=True):
        assert message in refused(done)
    assert "is no name of a repository" in refused(nameless)
    forbidden = command(hub, tmp_path, "push", small_module, "someone/new", HF_TOKEN="wrong")
    assert "needs a token that may write there" in refused(forbidden)
    assert "someone/new" not in hub.files
