"""Files and directories that appear whole or not at all, whatever happens while they are written."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from inception_hub.system import atomic
from inception_hub.system.atomic import atomic_directory, atomic_file, make_folders, scratch_folder


class Calls:
    """Keeps the order in which files are flushed and take their names."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.made: list[str] = []
        for name in ("fsync", "replace", "rename"):
            monkeypatch.setattr(atomic.os, name, self._kept(name, getattr(os, name)))

    def _kept(self, name: str, function):  # type: ignore[no-untyped-def]
        def call(*arguments):  # type: ignore[no-untyped-def]
            if name == "fsync":
                self.made.append(f"flush {Path(os.readlink(f'/proc/self/fd/{arguments[0]}')).name}")
            else:
                self.made.append(f"{name} to {Path(arguments[1]).name}")
            return function(*arguments)

        return call


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_appears_whole(tmp_path: Path) -> None:
    target = tmp_path / "file"
    for content in ("new", "replaced"):
        with atomic_file(target) as temporary:
            temporary.write_text(content[:1])
            assert temporary.parent.parent == tmp_path and temporary.parent.name.startswith(".")
            assert not target.exists() or target.read_text() == "new"
            temporary.write_text(content)
        assert target.read_text() == content
    assert names(tmp_path) == ["file"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_after_an_error_all_is_as_it_was(tmp_path: Path, error: type[BaseException]) -> None:
    (tmp_path / "file").write_text("old")
    with pytest.raises(error), atomic_file(tmp_path / "file") as temporary:
        temporary.write_text("half")
        raise error
    with pytest.raises(error), atomic_directory(tmp_path / "folder") as folder:
        (folder / "inside").write_text("half")
        raise error
    assert names(tmp_path) == ["file"] and (tmp_path / "file").read_text() == "old"


def test_a_file_that_nobody_wrote_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), atomic_file(tmp_path / "file"):
        pass
    assert names(tmp_path) == []


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="open files have names on Linux only")
def test_content_is_on_the_disk_before_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = Calls(monkeypatch)
    with atomic_file(tmp_path / "file") as temporary:
        temporary.write_text("content")
    assert calls.made == [f"flush {temporary.name}", "replace to file", f"flush {tmp_path.name}"]
    calls.made.clear()
    with atomic_directory(tmp_path / "folder") as made:
        (made / "inside").mkdir()
        (made / "inside" / "a").write_text("content")
    assert calls.made == [
        "flush a",
        "flush inside",
        f"flush {made.name}",
        "rename to folder",
        f"flush {tmp_path.name}",
    ]


def test_a_directory_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "mine").write_text("old")
    with pytest.raises(OSError), atomic_directory(tmp_path / "folder") as made:
        (made / "theirs").write_text("new")
    assert names(tmp_path) == ["folder"] and names(tmp_path / "folder") == ["mine"]


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_modes_are_ordinary(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        with atomic_file(tmp_path / "file") as file:
            file.write_text("content")
        with atomic_directory(tmp_path / "folder"):
            pass
    finally:
        os.umask(before)
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o644
    assert (tmp_path / "folder").stat().st_mode & 0o777 == 0o755


def killed_writer(target: Path) -> Path:
    """The folder of a process that was killed while it wrote `target`."""
    code = (
        "import os, sys; from pathlib import Path; from inception_hub.system.atomic import scratch_folder\n"
        "with scratch_folder(Path(sys.argv[1])) as folder:\n"
        "    (folder / 'half').write_text('half'); print(folder, flush=True); os._exit(9)"
    )
    done = subprocess.run([sys.executable, "-c", code, target], capture_output=True, text=True, check=False)
    assert done.returncode == 9, done.stderr
    return Path(done.stdout.strip())


@pytest.mark.skipif(os.name != "posix", reason="only there do locks tell who lives")
def test_what_a_killed_writer_left_is_removed_by_the_next_beside_it(tmp_path: Path) -> None:
    left = killed_writer(tmp_path / "module")
    (tmp_path / ".mine.partial").mkdir()
    (tmp_path / ".a.0123456789abcdef.partial").write_text("a file of this name is not ours")
    with scratch_folder(tmp_path / "long") as alive:
        assert not left.exists()
        atomic.remove_stale.cache_clear()  # as in another process
        with atomic_file(tmp_path / "other") as temporary:
            temporary.write_text("content")
        assert alive.is_dir(), "its writer lives"
    assert names(tmp_path) == [".a.0123456789abcdef.partial", ".mine.partial", "other"]


def test_a_name_of_255_bytes(tmp_path: Path) -> None:
    target = tmp_path / ("é" * 127)
    with atomic_file(target) as temporary:
        temporary.write_text("content")
    assert target.read_text() == "content" and names(tmp_path) == [target.name]


def test_folders_are_made_and_their_names_flushed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = Calls(monkeypatch)
    assert make_folders(tmp_path / "a" / "b") == [tmp_path / "a", tmp_path / "a" / "b"]
    assert calls.made == [f"flush {tmp_path.name}", "flush a"]
    assert make_folders(tmp_path / "a" / "b") == []
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError):
        make_folders(tmp_path / "file" / "c")
