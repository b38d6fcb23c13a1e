"""A cache in trouble: killed or many processes, half an entry, no room."""

import os
import signal
from pathlib import Path

import pytest
from helpers.cached import run, shorten_weights
from helpers.resolving import Server
from helpers.tensorflow_writer import pack

from inception_hub import bundle
from inception_hub.errors import HandleError, InceptionHubError
from inception_hub.sources.cache import default_cache
from inception_hub.sources.original import Original
from inception_hub.sources.resolve import is_cached, resolve

RESOLVING = """
import sys
from inception_hub.sources.resolve import resolve
print("ready", flush=True)
sys.stdin.readline()
print(resolve(sys.argv[1]))
"""


@pytest.mark.parametrize("start", ["empty", "damaged"])
def test_many_processes_resolve_one_archive_at_once(module: Path, tmp_path: Path, start: str) -> None:
    archive = pack(module, tmp_path / "module.tar.gz")
    if start == "damaged":
        shorten_weights(resolve(archive))
    processes = [run(RESOLVING, archive) for _ in range(4)]
    for process in processes:
        assert process.stdout and process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    outputs = [process.communicate() for process in processes]
    (entry,) = default_cache().ls()
    assert outputs == [(f"{entry.path}\n", "")] * 4
    assert default_cache().verify() == {}
    assert not list((tmp_path / "cache" / "temporaries").iterdir())


KILLED = """
import os, signal, sys
from inception_hub.sources.resolve import resolve
resolve(sys.argv[1], progress=lambda *_: os.kill(os.getpid(), signal.SIGKILL))
"""


@pytest.mark.skipif(os.name != "posix", reason="only POSIX systems have SIGKILL")
def test_a_process_killed_while_downloading_leaves_no_entry(
    server: Server, module: Path, tmp_path: Path
) -> None:
    pack(module, tmp_path / "served" / "module.tar.gz")
    url = f"{server.url}/module.tar.gz"
    process = run(KILLED, url)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert not is_cached(url) and not list((tmp_path / "cache" / "modules").iterdir())
    assert bundle.read(resolve(url)).name == "small"


def test_a_half_written_entry_is_repaired(original: Original, server: Server) -> None:
    path = resolve("imagenet")
    shorten_weights(path)
    assert not is_cached("imagenet")
    assert resolve("imagenet") == path
    assert bundle.read(path).name == "small" and len(server.asked) == 4


def test_without_a_writable_cache_the_module_is_kept_elsewhere_with_one_warning(
    module: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = pack(module, tmp_path / "module.tar.gz")
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("INCEPTION_HUB_CACHE", str(tmp_path / "file"))
    with pytest.warns(UserWarning, match=f"The cache {tmp_path / 'file'} cannot be written") as caught:
        path = resolve(archive)
    assert len(caught) == 1 and "\n" not in str(caught[0].message)
    assert bundle.read(path).name == "small"
    assert resolve(archive) == path  # no second warning: warnings are errors here


def test_entries_of_a_read_only_cache_are_resolved(
    module: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = pack(module, tmp_path / "module.tar.gz")
    path = resolve(archive)
    (tmp_path / "cache" / "temporaries").rmdir()
    (tmp_path / "cache" / "temporaries").write_bytes(b"")
    assert resolve(archive) == path


NOWHERE = """
import sys, tempfile, warnings
from inception_hub.sources.resolve import resolve
warnings.simplefilter("ignore")
tempfile.tempdir = sys.argv[2]
try:
    resolve(sys.argv[1])
except OSError as error:
    print(type(error).__name__, error)
"""


@pytest.mark.parametrize("place", ["missing", "file"])
def test_without_any_writable_place_one_line_says_so(
    module: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    archive = pack(module, tmp_path / "module.tar.gz")
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("INCEPTION_HUB_CACHE", str(tmp_path / "file"))
    output, errors = run(NOWHERE, archive, tmp_path / place).communicate()
    assert errors == "" and output.count("\n") == 1
    assert output.startswith(f"OutputError The module can be kept neither in {tmp_path / 'file'} (")


@pytest.mark.parametrize(
    "path", ["/proc/kmsg", "/proc/self/mem", "/proc/self/status", "/dev/zero", "/dev/tty"]
)
def test_files_of_the_system_are_refused_at_once(path: str) -> None:
    with pytest.raises(InceptionHubError) as caught:
        resolve(path)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "handle",
    [
        "ftp://user:secret@host/module",
        "https://tfhub.dev/unknown?token=secret",
        "HTTPS+x://u:secret@h/?secret",
    ],
)
def test_handles_are_quoted_without_what_may_be_secret(handle: str) -> None:
    with pytest.raises(HandleError) as caught:
        resolve(handle)
    assert "secret" not in str(caught.value)
