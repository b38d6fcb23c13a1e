"""Whatever happens to it, the cache holds whole entries or none."""

import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers.cached import KEY, run, shorten_weights, small_bundle, writes

from inception_hub import bundle
from inception_hub.errors import ArgumentError, FormatError, HandleError, OutputError
from inception_hub.sources.cache import STALE_SECONDS, Cache, NotWritable, default_cache
from inception_hub.sources.keys import text_key
from inception_hub.system.home import cache_home

OTHER = text_key("another module")


def never(directory: Path) -> None:
    raise AssertionError("nothing needed to be made")


def contents(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir()) if directory.exists() else []


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "deep" / "cache")


def test_put_then_get(cache: Cache) -> None:
    assert cache.get(KEY) is None
    path = cache.put(KEY, writes())
    assert cache.get(KEY) == path == cache.root / "modules" / KEY
    assert bundle.read(path).name == "small"
    assert cache.get(OTHER) is None
    assert contents(cache.root / "temporaries") == []


def test_what_else_is_written_beside_the_module_is_thrown_away(cache: Cache) -> None:
    def write(directory: Path) -> None:
        assert not directory.exists()
        (directory.parent / "intermediate").write_bytes(b"x")
        writes()(directory)

    assert "intermediate" not in contents(cache.put(KEY, write))
    assert contents(cache.root / "temporaries") == []


@pytest.mark.parametrize(
    "error", [FormatError("broken"), HandleError("gone"), KeyboardInterrupt(), ValueError()]
)
def test_what_write_raises_is_passed_on_and_leaves_nothing(cache: Cache, error: BaseException) -> None:
    def write(directory: Path) -> None:
        writes()(directory)
        raise error

    with pytest.raises(type(error)):
        cache.put(KEY, write)
    assert cache.get(KEY) is None
    assert contents(cache.root / "modules") == contents(cache.root / "temporaries") == []


def test_the_loser_of_a_race_takes_the_winners_entry(cache: Cache) -> None:
    def write(directory: Path) -> None:
        writes("loser")(directory)
        cache.put(KEY, writes("winner"))

    assert bundle.read(cache.put(KEY, write)).name == "winner"
    assert contents(cache.root / "temporaries") == []


def remove_weights(path: Path) -> None:
    (path / bundle.WEIGHTS).unlink()


def remove_manifest(path: Path) -> None:
    (path / bundle.MANIFEST).unlink()


def shorten_manifest(path: Path) -> None:
    os.truncate(path / bundle.MANIFEST, 100)


def remove_all(path: Path) -> None:
    for file in path.iterdir():
        file.unlink()


def be_a_file(path: Path) -> None:
    remove_all(path)
    path.rmdir()
    path.write_bytes(b"x")


DAMAGES = [remove_weights, shorten_weights, remove_manifest, shorten_manifest, remove_all, be_a_file]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_entry_is_a_miss_and_the_next_put_repairs_it(
    cache: Cache, damage: Callable[[Path], None]
) -> None:
    damage(cache.put(KEY, writes("old")))
    assert cache.get(KEY) is None and cache.ls() == []
    assert list(cache.verify()) == [KEY]
    assert bundle.read(cache.put(KEY, writes("new"))).name == "new"
    assert cache.verify() == {} and contents(cache.root / "temporaries") == []


def test_verify_hashes_every_byte(cache: Cache) -> None:
    path = cache.put(KEY, writes()) / bundle.WEIGHTS
    cache.put(OTHER, writes())
    assert cache.verify() == {}
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    assert cache.get(KEY)  # sizes only: quick
    assert list(cache.verify()) == [KEY] and str(path) in cache.verify()[KEY]


def test_ls_lists_whole_entries_by_name(cache: Cache) -> None:
    assert cache.ls() == []
    cache.put(KEY, writes("zebra"))
    path = cache.put(OTHER, writes("ant"))
    (cache.root / "modules" / "notes.txt").write_bytes(b"a stranger's")
    entry, last = cache.ls()
    assert (entry.key, entry.path, entry.name, entry.source, last.name) == (
        OTHER,
        path,
        "ant",
        "a test",
        "zebra",
    )
    files = (bundle.WEIGHTS, bundle.LABELS, bundle.CARD, bundle.CONFIG)
    assert entry.size == sum((path / name).stat().st_size for name in files)


def test_remove(cache: Cache) -> None:
    assert not cache.remove(KEY)
    remove_weights(cache.put(KEY, writes()))
    cache.put(OTHER, writes())
    assert cache.remove(KEY) and not cache.remove(KEY)
    assert contents(cache.root / "modules") == [OTHER] and contents(cache.root / "temporaries") == []


@pytest.mark.parametrize("key", ["", "..", "../modules", "A" * 64, "0" * 63, "0" * 64 + "/.."])
def test_keys_are_no_paths(cache: Cache, key: str) -> None:
    for method in (cache.get, cache.remove):
        with pytest.raises(ArgumentError, match="is no key of the cache"):
            method(key)
    with pytest.raises(ArgumentError, match="is no key of the cache"):
        cache.put(key, never)


def age(path: Path, seconds: float) -> None:
    for each in (*path.rglob("*"), path):
        os.utime(each, (each.stat().st_mtime - seconds,) * 2)


def test_gc_removes_damaged_entries_and_old_temporaries_only(cache: Cache) -> None:
    assert cache.gc() == []
    kept = cache.put(KEY, writes())
    damaged = cache.put(OTHER, writes())
    shorten_weights(damaged)
    old, busy, new = (cache.root / "temporaries" / name for name in ("old", "busy", "new"))
    for folder in (old, busy, new):
        folder.mkdir()
        age(folder, STALE_SECONDS + 1 if folder is not new else 0)
    (busy / "being written").write_bytes(b"x")
    os.utime(busy, (0, 0))
    if hasattr(os, "mkfifo"):
        os.mkfifo(cache.root / "temporaries" / "a pipe")  # nobody writes to it
        os.utime(cache.root / "temporaries" / "a pipe", (0, 0))
    (cache.root / "modules" / "notes.txt").write_bytes(b"a stranger's")
    assert {path for path in cache.gc() if path.name != "a pipe"} == {damaged, old}
    assert contents(cache.root / "modules") == sorted([KEY, "notes.txt"]) and cache.get(KEY) == kept
    assert contents(cache.root / "temporaries") == ["busy", "new"]


KILLED = """
import os, signal, sys
from pathlib import Path
from helpers.cached import KEY, Cache, shorten_weights, writes

def write(directory):
    if sys.argv[2] != "before":
        writes()(directory)
    if sys.argv[2] == "half":
        shorten_weights(directory)
    os.kill(os.getpid(), signal.SIGKILL)

Cache(Path(sys.argv[1])).put(KEY, write)
"""


@pytest.mark.skipif(os.name != "posix", reason="only POSIX systems have SIGKILL")
@pytest.mark.parametrize("moment", ["before", "half", "whole"])
def test_a_killed_process_leaves_no_entry_and_gc_tidies_up(cache: Cache, moment: str) -> None:
    process = run(KILLED, cache.root, moment)
    assert process.communicate() == ("", "") and process.returncode == -signal.SIGKILL
    assert cache.get(KEY) is None and contents(cache.root / "modules") == []
    (left,) = (cache.root / "temporaries").iterdir()
    assert cache.gc() == []
    age(left, STALE_SECONDS + 1)
    assert cache.gc() == [left]
    assert bundle.read(cache.put(KEY, writes())).name == "small"


RACING = """
import sys
from pathlib import Path
from helpers.cached import KEY, Cache, bundle, writes

cache = Cache(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
for _ in range(5):
    print(bundle.read(cache.put(KEY, writes())).name)
"""


def test_many_processes_repair_one_entry_at_once(cache: Cache) -> None:
    shorten_weights(cache.put(KEY, writes("old")))
    processes = [run(RACING, cache.root) for _ in range(3)]
    for process in processes:
        assert process.stdout and process.stdout.readline() == "ready\n"
    outputs = [process.communicate("go\n") for process in processes]
    assert outputs == [("small\n" * 5, "")] * 3
    assert cache.verify() == {} and [entry.key for entry in cache.ls()] == [KEY]
    assert contents(cache.root / "temporaries") == []


@pytest.mark.parametrize("place", ["a file", "below a file", "in /proc"])
def test_a_cache_that_cannot_be_written_says_so_and_can_still_be_asked(tmp_path: Path, place: str) -> None:
    if place == "in /proc" and not Path("/proc/self").is_dir():
        pytest.skip("this system has no /proc")
    (tmp_path / "file").write_bytes(b"")
    root = {
        "a file": tmp_path / "file",
        "below a file": tmp_path / "file" / "x",
        "in /proc": Path("/proc/cache"),
    }
    cache = Cache(root[place])
    assert cache.get(KEY) is None and cache.ls() == [] and cache.gc() == [] and cache.verify() == {}
    assert not cache.remove(KEY)
    with pytest.raises(NotWritable):
        cache.put(KEY, never)


def test_a_disk_that_fills_up_is_a_cache_that_cannot_be_written(cache: Cache) -> None:
    for error in (OutputError("The module cannot be written: no space left."), OSError(28, "No space left")):

        def write(directory: Path, error: OSError = error) -> None:
            writes()(directory)
            raise error

        with pytest.raises(NotWritable, match=r"(?i)no space left"):
            cache.put(KEY, write)
    assert contents(cache.root / "modules") == contents(cache.root / "temporaries") == []


def test_a_whole_entry_in_a_cache_without_temporaries_is_found(cache: Cache) -> None:
    path = cache.put(KEY, writes())
    (cache.root / "temporaries").rmdir()
    (cache.root / "temporaries").write_bytes(b"")
    assert cache.get(KEY) == path
    with pytest.raises(OutputError, match="cannot be removed"):
        cache.remove(KEY)
    assert cache.get(KEY) == path


def test_the_default_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INCEPTION_HUB_CACHE", str(tmp_path / "chosen"))
    assert default_cache().root == tmp_path / "chosen"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("INCEPTION_HUB_CACHE", "relative")
    assert default_cache().root == tmp_path / "relative"
    monkeypatch.setenv("INCEPTION_HUB_CACHE", "")
    assert default_cache().root == cache_home() / "inception-hub"


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="names of open files are not told here")
def test_files_are_on_disk_before_their_name_is(
    cache: Cache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a crash an entry is there only if its content is: every file, then its folder, then the name."""
    synchronised: list[Path] = []
    there: list[bool] = []
    target = cache.root / "modules" / KEY

    def fsync(descriptor: int) -> None:
        synchronised.append(Path(os.readlink(f"/proc/self/fd/{descriptor}")))
        there.append(target.exists())

    module = tmp_path / "module"
    bundle.write(small_bundle(), module)
    monkeypatch.setattr(os, "fsync", fsync)
    files = {path.name for path in cache.put(KEY, lambda path: shutil.copytree(module, path)).iterdir()}
    assert {path.name for path in synchronised[:-2]} == files
    assert synchronised[-2].name == "module" and synchronised[-1] == target.parent
    assert there == [False] * (len(files) + 1) + [True]


def test_vectors_that_were_not_read_for_long_are_collected() -> None:
    cache = default_cache()
    old, new = (cache.vectors / name[:2] / name for name in ("aa.safetensors", "bb.safetensors"))
    for path in (old, new):
        path.parent.mkdir(parents=True)
        path.touch()
    os.utime(old, (0, 0))
    assert cache.gc() == [old] and new.exists()
