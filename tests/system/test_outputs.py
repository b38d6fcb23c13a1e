"""Names of outputs: one run at a time, nothing left behind, errors that say which."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from inception_hub.errors import ArgumentError, ImageError, OutputError
from inception_hub.system import atomic, outputs
from inception_hub.system.locks import hold_directory, release
from inception_hub.system.outputs import as_output_error, claimed, held, refuse_existing, refuse_shared

TAKEN = "is being written by another process; wait for it or stop it"
locks = pytest.mark.skipif(os.name != "posix", reason="there are locks on POSIX systems only")
HELD = """
import sys
from pathlib import Path
from inception_hub.system.outputs import claimed
with claimed(Path(sys.argv[1])):
    print("claimed", flush=True)
    sys.stdin.read()
"""


@locks
def test_a_name_is_claimed_by_one_at_a_time_and_nothing_is_left(tmp_path: Path) -> None:
    long = tmp_path / ("page" * 50 + ".html")
    for path in (tmp_path / "page.html", long, tmp_path / "new" / "er" / "page.html"):
        with claimed(path):
            with pytest.raises(OutputError, match=f"page.html {TAKEN}"), claimed(path):
                pass
            with claimed(path.with_name("other.html")):
                pass
        with claimed(path):
            pass
    assert not list(tmp_path.iterdir())


@locks
def test_a_name_is_the_same_however_it_is_spelled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with claimed(Path("page.html")), pytest.raises(OutputError, match=TAKEN):
        with claimed(tmp_path / "page.html"):
            pass


def test_what_is_written_under_the_name_stays(tmp_path: Path) -> None:
    with claimed(tmp_path / "new" / "page.html"):
        (tmp_path / "new" / "page.html").touch()
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["page.html"]


def test_a_name_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"file/page.html cannot be written \(Not a directory\)"):
        with claimed(tmp_path / "file" / "page.html"):
            pass


@locks
def test_what_a_killed_run_left_is_removed_by_the_next_that_writes_beside_it(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HELD, str(tmp_path / "page.html")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None and run.stdout.readline() == "claimed\n"
        atomic.remove_stale.cache_clear()
        with claimed(tmp_path / "beside.html"):
            assert (tmp_path / ".page.html.claimed").is_dir(), "its run lives"
        with pytest.raises(OutputError, match=TAKEN), claimed(tmp_path / "page.html"):
            pass
        run.send_signal(signal.SIGKILL)
    assert (tmp_path / ".page.html.claimed").is_dir()
    (tmp_path / ".mine.claimed").mkdir()
    (tmp_path / ".mine.claimed" / "notes").touch()
    atomic.remove_stale.cache_clear()
    with claimed(tmp_path / "beside.html"):
        pass
    assert [path.name for path in tmp_path.iterdir()] == [".mine.claimed"]


@locks
def test_who_removes_what_killed_runs_left_keeps_nobody_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked = hold_directory(tmp_path / ".page.html.claimed")
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        if not pauses:
            release(locked)
        pauses.append(seconds)

    monkeypatch.setattr(outputs.time, "sleep", pause)
    with claimed(tmp_path / "page.html"):
        assert len(pauses) == 1


@locks
def test_a_directory_has_one_run_and_goes_if_it_stays_empty(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "pictures"
    with held(folder):
        with pytest.raises(OutputError, match=f"pictures {TAKEN}"), held(folder):
            pass
    assert not list(tmp_path.iterdir())
    with held(folder):
        (folder / "cat.png").touch()
    with held(folder):
        pass
    assert [path.name for path in folder.iterdir()] == ["cat.png"]
    with pytest.raises(OutputError, match="cat.png cannot be written"), held(folder / "cat.png"):
        pass


def test_what_exists_is_refused_a_broken_link_too(tmp_path: Path) -> None:
    refuse_existing(tmp_path / "new")
    (tmp_path / "new").symlink_to("nowhere")
    with pytest.raises(OutputError, match="new exists and is left as it is; give another name or remove"):
        refuse_existing(tmp_path / "new")


def test_readers_that_left_are_no_error_of_an_output() -> None:
    with pytest.raises(BrokenPipeError), as_output_error("page.html"):
        raise BrokenPipeError
    with pytest.raises(OutputError, match=r"page.html cannot be written \(of its own\); make room"):
        with as_output_error("page.html"):
            raise OSError("of its own")
    with pytest.raises(ImageError, match="^a photo that is gone$"), as_output_error("page.html"):
        raise ImageError("a photo that is gone")


@pytest.mark.parametrize("other", ["rows.csv", "ROWS.csv", "new/../Rows.CSV", "./rows.csv"])
def test_two_outputs_of_one_name_on_some_system_are_refused(
    other: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(
        ArgumentError, match="--output and --gallery are both .*; give each a name of its own"
    ):
        refuse_shared({"--output": Path("rows.csv"), "--none": None, "--gallery": tmp_path / other})


def test_outputs_of_different_names_are_not(tmp_path: Path) -> None:
    refuse_shared({"--output": tmp_path / "rows.csv", "--gallery": tmp_path / "rows.html", "--report": None})
    refuse_shared({"--output": None, "--gallery": None})
