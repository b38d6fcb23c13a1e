"""An interrupted run is resumed: no row lost, none doubled, whatever the moment and the format."""

import json
import os
import subprocess
import sys
import time
import tracemalloc
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet
import pytest
from helpers.command import run
from helpers.permissions import bound
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inception_hub.errors import ArgumentError, OutputError
from inception_hub.inference.predictions import Prediction
from inception_hub.inference.row import Kind, Row
from inception_hub.output import parquet, resume
from inception_hub.output.choices import RowFormat
from inception_hub.output.resume import Done, WrittenRow
from inception_hub.output.settings import write_record
from inception_hub.output.writers import open_writer

RANKS = 2
PATHS = [
    "a.jpg",
    "b,\n.jpg",
    'c".jpg',
    "a.jpg",
    "d\r\n.jpg",
    "猫.jpg",
    "\udce9.jpg",
    "bad",
    "\\udce9.jpg",
    "z",
]


def row(path: str, kind: Kind) -> Row:
    if path == "bad":
        return Row(path, "tiny", error='bad, is\n"damaged".')
    if kind == "vector":
        return Row(path, "tiny", vector=np.full(RANKS, len(path), np.float32))
    return Row(path, "tiny", predictions=tuple(Prediction(f"l,{i}", i, 0.5) for i in range(RANKS)))


def write(path: Path, format: RowFormat, kind: Kind, paths: list[str], *, resume: bool = False) -> list[str]:
    """Writes the rows that are not there yet; the paths of those."""
    with open_writer(format, kind, path, RANKS, resume=resume) as writer:
        missing = [each for each in paths if not writer.done.take(each)]
        for each in missing:
            writer.write(row(each, kind))
    return missing


@pytest.mark.parametrize("kind", ["predictions", "vector"])
@pytest.mark.parametrize("format", ["jsonl", "csv"])
def test_text_cut_anywhere_is_completed_to_the_byte(format: RowFormat, kind: Kind, tmp_path: Path) -> None:
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    write(whole, format, kind, PATHS)
    content = whole.read_bytes()
    for length in range(0, len(content) + 1, 1 if format == "csv" else 7):
        cut.write_bytes(content[:length])
        write(cut, format, kind, PATHS, resume=True)
        assert cut.read_bytes() == content, length


@pytest.mark.parametrize("kind", ["predictions", "vector"])
@pytest.mark.parametrize("rows", range(len(PATHS) + 1))
def test_parquet_stopped_after_any_row(
    kind: Kind, rows: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet, "ROW_GROUP", 3)
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    write(whole, "parquet", kind, PATHS)
    with pytest.raises(KeyboardInterrupt), open_writer("parquet", kind, cut, RANKS) as writer:
        for path in PATHS[:rows]:
            writer.write(row(path, kind))
        raise KeyboardInterrupt
    if rows:
        with pytest.raises(
            OutputError, match="cut.parts holds the rows of a run that was interrupted; continue"
        ):
            write(cut, "parquet", kind, PATHS)
    assert write(cut, "parquet", kind, PATHS, resume=True) == PATHS[rows:]
    assert pyarrow.parquet.read_table(cut) == pyarrow.parquet.read_table(whole)
    assert sorted(tmp_path.iterdir()) == [cut, whole]


def killed_at(name: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Has the next call of `os.<name>` or `Path.<name>` end the run as SIGKILL would."""
    place = Path if name == "unlink" else os
    before = getattr(place, name)

    def kill(*_: object, **__: object) -> None:
        raise SystemExit

    monkeypatch.setattr(place, name, kill)
    return lambda: monkeypatch.setattr(place, name, before)


@pytest.mark.parametrize("last_call", ["unlink", "replace"])
@pytest.mark.parametrize("earlier", [0, 4])
def test_parquet_killed_while_it_takes_its_name(
    last_call: str, earlier: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet, "ROW_GROUP", 3)
    target = tmp_path / "rows"
    if earlier:
        write(target, "parquet", "vector", PATHS[:earlier])
    writer = open_writer("parquet", "vector", target, RANKS, resume=True)
    for path in PATHS[earlier:]:
        writer.write(row(path, "vector"))
    writer._write_part()  # pyright: ignore[reportAttributeAccessIssue]
    writer._merge(writer._parts / parquet.COMPLETE)  # pyright: ignore[reportAttributeAccessIssue]
    revive = killed_at(last_call, monkeypatch)
    with pytest.raises(SystemExit):
        parquet._take_name(target.with_name("rows.parts"), target)
    revive()
    writer._end()  # pyright: ignore[reportAttributeAccessIssue]
    assert write(target, "parquet", "vector", PATHS, resume=True) == []
    assert Counter(pyarrow.parquet.read_table(target)["path"].to_pylist()) == Counter(
        path.encode("utf-8", "backslashreplace").decode() for path in PATHS
    )
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("format", ["jsonl", "csv", "parquet"])
def test_a_finished_file_grows_by_new_photos_only(format: RowFormat, tmp_path: Path) -> None:
    target, whole = tmp_path / "rows", tmp_path / "whole"
    assert write(target, format, "vector", PATHS[:6], resume=True) == PATHS[:6]
    before = target.stat()
    assert write(target, format, "vector", PATHS[:6], resume=True) == []
    assert (target.stat().st_ino, target.stat().st_size) == (before.st_ino, before.st_size)
    assert write(target, format, "vector", PATHS, resume=True) == PATHS[6:]
    write(whole, format, "vector", PATHS)
    if format == "parquet":
        assert pyarrow.parquet.read_table(target) == pyarrow.parquet.read_table(whole)
    else:
        assert target.read_bytes() == whole.read_bytes()


FOREIGN = {
    "jsonl": [
        b"[1]\n",
        b'{"path": "a"}\n',
        b"years of work\n",
        b"years of work",
        b'{"path": "a", "module": "m", "vector": []}\n',
        b'{"path": 5, "module": "m", "predictions": []}\n',
        b'{"path": "a", "module": "m", "predictions": {}}\n',
        b'{"path": "a", "module": "m", "error": null}\n',
        b'{"path": ' * 100_000 + b"\n",
    ],
    "csv": [b"years of work\n", b"years of work", b"path,module,error,v0,v1\na,m,,1,2\n", b"\xff\xfe\n"],
    "parquet": [b"", b"years of work\n", b"PAR1 or so PAR1"],
}


@pytest.mark.parametrize("format, content", [(f, c) for f, contents in FOREIGN.items() for c in contents])
def test_other_files_are_left_as_they_are(format: RowFormat, content: bytes, tmp_path: Path) -> None:
    target = tmp_path / "rows"
    target.write_bytes(content)
    write_record(target, {})
    with pytest.raises(OutputError, match="rows cannot be resumed, for (?!nothing).*; give another --output"):
        write(target, format, "predictions", PATHS, resume=True)
    assert target.read_bytes() == content


@pytest.mark.parametrize("format", ["jsonl", "csv"])
@pytest.mark.parametrize("filling", [b"\0", b"x"])
def test_a_line_of_gigabytes_is_refused_at_once(format: RowFormat, filling: bytes, tmp_path: Path) -> None:
    """Gigabytes of zeros, or 16 MB of anything else, of which no more than that is read."""
    target = tmp_path / "rows"
    with target.open("wb") as file:
        file.write(filling * resume.MAX_LINE)
        file.truncate(8 << 30)
    write_record(target, {})
    tracemalloc.start()
    with pytest.raises(OutputError, match="cannot be resumed, for (it holds zeros|a line is longer)"):
        write(target, format, "predictions", PATHS, resume=True)
    assert tracemalloc.get_traced_memory()[1] < 4 * resume.MAX_LINE
    tracemalloc.stop()
    assert target.stat().st_size == 8 << 30


@pytest.mark.parametrize("format", ["jsonl", "csv"])
def test_zeros_that_a_power_cut_left_are_cut_off(format: RowFormat, tmp_path: Path) -> None:
    """Some file systems keep a file's new length without all that was written there."""
    target, whole = tmp_path / "rows", tmp_path / "whole"
    write(whole, format, "vector", PATHS)
    content = whole.read_bytes()
    for start in range(0, len(content), 13):
        for length in (20, len(content)):
            write(target, format, "vector", [], resume=True)
            target.write_bytes(content[:start] + bytes(length) + content[start + length :])
            write_record(target, {})
            write(target, format, "vector", PATHS, resume=True)
            assert target.read_bytes() == content


def test_damage_in_the_middle_is_said_and_nothing_is_cut_off(tmp_path: Path) -> None:
    for format in ("jsonl", "csv"):
        target = tmp_path / format
        write(target, format, "predictions", ["a.jpg"] * 2000)
        content = bytearray(target.read_bytes())
        content[1000:1003] = b'x"\n'
        target.write_bytes(content)
        with pytest.raises(OutputError, match="cannot be resumed"):
            write(target, format, "predictions", PATHS, resume=True)
        assert target.read_bytes() == content


@pytest.mark.parametrize("format", ["jsonl", "csv", "parquet"])
def test_two_processes_never_write_one_file(format: RowFormat, tmp_path: Path) -> None:
    pytest.importorskip("fcntl")
    target = tmp_path / "rows"
    with open_writer(format, "vector", target, RANKS) as writer:
        writer.write(row("a.jpg", "vector"))
        with pytest.raises(
            OutputError, match="rows is being written by another process; wait for it or stop it"
        ):
            write(target, format, "vector", PATHS, resume=True)
    assert write(target, format, "vector", ["a.jpg"], resume=True) == []


def test_what_cannot_be_gone_on_with(tmp_path: Path) -> None:
    for format, output in (("table", tmp_path / "rows"), ("jsonl", None), ("parquet", None)):
        with pytest.raises(ArgumentError, match="Only a file of rows can be resumed; give --output"):
            open_writer(format, "predictions", output, RANKS, resume=True)
    assert not list(tmp_path.iterdir())


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.sampled_from("abc")), st.lists(st.sampled_from("abcd")))
def test_a_path_counts_as_often_as_it_has_rows(there: list[str], asked: list[str]) -> None:
    done = Done(WrittenRow(path, False) for path in there)
    taken = [path for path in asked if done.take(path)]
    assert Counter(taken) == Counter(there) & Counter(asked)


def test_a_million_rows_take_nine_bytes_each() -> None:
    done = Done(WrittenRow(f"folder/{i}.jpg", False) for i in range(100_000))
    assert done._digests.nbytes + done._taken.nbytes == 900_000
    assert all(done.take(f"folder/{i}.jpg") for i in range(0, 100_000, 1000)) and not done.take("x")


# The command


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    from PIL import Image

    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(200):
        Image.new("RGB", (64, 64), (number % 256, 100, 0)).save(folder / f"{number:03}.png")
    return folder


def started(*arguments: object) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "inception_hub", *map(str, arguments)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True)


def wait_for_rows(process: "subprocess.Popen[str]", target: Path) -> None:
    """Until the first rows are on disk."""
    while process.poll() is None and not (target.exists() and target.stat().st_size):
        time.sleep(0.005)  # the process gives no other sign


def paths_in(target: Path) -> list[str]:
    return [json.loads(line)["path"] for line in target.read_text().splitlines()]


@pytest.mark.parametrize("name, status", [("SIGTERM", 143), ("SIGINT", 130), ("SIGKILL", -9)])
def test_a_signal_and_then_resume(
    name: str,
    status: int,
    photos: Path,
    small_module: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    import signal

    target = tmp_path / "rows.jsonl"
    command = ("classify", photos, "--module", small_module, "--format", "jsonl", "--output", target)
    process = started(*command)
    wait_for_rows(process, target)
    process.send_signal(getattr(signal, name))
    _, err = process.communicate()
    assert process.returncode == status and "Traceback" not in err
    if status > 0:
        there = len(paths_in(target))
        assert f"Stopped with the rows of {there} photos; the same command with --resume continues." in err
    code, _, err = run(capsys, *command, "--resume")
    assert code == 0 and f"{target} holds the rows of " in err
    assert paths_in(target) == sorted(map(str, photos.iterdir()))


def test_a_folder_that_loses_its_permission_and_a_photo_that_vanishes(
    photos: Path, small_module: Path, tmp_path: Path
) -> None:
    locked, target = tmp_path / "locked", tmp_path / "rows.jsonl"
    locked.mkdir()
    os.rename(photos / "000.png", locked / "000.png")
    some = [photos / "001.png", locked, photos / "gone.png"]
    command = ["classify", *some, "--module", small_module, "--format", "jsonl", "--output", target]
    locked.chmod(0)
    done = bound(*command)
    assert done.returncode == 1 and "2 of 3 photos could not be read:" in done.stderr
    assert paths_in(target) == list(map(str, some))
    locked.chmod(0o755)
    done = bound(*command, "--resume")
    assert done.returncode == 1  # failures of before count
    assert "2 of 4 photos could not be read, as their rows say." in done.stderr
    assert paths_in(target) == [*map(str, some), str(locked / "000.png")]


def test_a_full_disk_is_reported_at_once_and_gone_on_from(
    photos: Path, small_module: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    resource = pytest.importorskip("resource")
    target = tmp_path / "rows.jsonl"
    command = ("classify", photos, "--module", small_module, "--format", "jsonl", "--output", target)
    full = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, {resource.RLIM_INFINITY}))"
    program = f"{full}; from inception_hub.cli import main; main()"
    # A child whose files may hold 10 kB cannot write what coverage measured either.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    done = subprocess.run(
        [sys.executable, "-c", program, *map(str, command)],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert "rows.jsonl cannot be written (File too large); make room or write elsewhere." in done.stderr
    assert 5_000 < target.stat().st_size <= 10_000 and target.read_bytes().endswith(b"\n")
    assert run(capsys, *command, "--resume")[0] == 0
    assert paths_in(target) == sorted(map(str, photos.iterdir()))


def test_resume_with_another_module_or_a_gallery(
    photos: Path, small_module: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "rows.jsonl"
    photo = photos / "000.png"
    output = ("--format", "jsonl", "--output", target)
    assert run(capsys, "classify", photo, "--module", small_module, *output)[0] == 0
    before = target.read_bytes()
    code, _, err = run(capsys, "classify", photo, "--module", "tiny_imagenet", *output, "--resume")
    assert (
        code == 2
        and "holds predictions made with module small, not tiny_imagenet; resume with what made them" in err
    )
    code, _, err = run(
        capsys,
        "classify",
        photo,
        "--module",
        small_module,
        *output,
        "--resume",
        "--gallery",
        tmp_path / "page",
    )
    assert code == 2 and "--gallery shows the photos of one whole run" in err
    assert target.read_bytes() == before
