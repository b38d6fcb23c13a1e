"""Decoded photos on disk: pixels before their record, resumed after any interruption, within the disk."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.dataset_photos import COUNT, assert_whole, photos, png, reads, split_of
from helpers.places import TESTS

from inception_hub.data import decode_split
from inception_hub.data.pixels import BATCH
from inception_hub.errors import OutputError


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="names of open files are not told here")
def test_pixels_are_on_disk_before_their_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A crash between the two costs a batch; the other way round, photos count that were never written."""
    synchronised: list[str] = []
    fsync = os.fsync

    def noted(descriptor: int) -> None:
        synchronised.append(Path(os.readlink(f"/proc/self/fd/{descriptor}")).name)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    contents = [png(seed) for seed in range(BATCH + 1)]
    decode_split(split_of(contents, [0] * len(contents)), tmp_path, 8)
    pixels, record, folder = "pixels.npy.partial", "pixels.jsonl.partial", tmp_path.name
    assert synchronised == [folder, pixels, record, pixels, record, pixels, folder, record, folder]


@pytest.mark.parametrize("stop", [1, BATCH, 2 * BATCH + 7, COUNT])
def test_interrupted_it_goes_on(tmp_path: Path, stop: int) -> None:
    def interrupt(done: int, total: int) -> None:
        if done == stop:
            raise KeyboardInterrupt

    split = photos()
    with pytest.raises(KeyboardInterrupt):
        decode_split(split, tmp_path, 8, report=interrupt)
    assert not (tmp_path / "pixels.npy").exists() and not (tmp_path / "pixels.jsonl").exists()
    before = reads(split)
    decoded = decode_split(split, tmp_path, 8)
    assert reads(split) - before == (COUNT - stop // BATCH * BATCH if stop < COUNT else 0)
    assert_whole(decoded, split)


def test_killed_it_goes_on(tmp_path: Path) -> None:
    code = f"""
import os, signal, sys
from pathlib import Path
sys.path.insert(0, {str(TESTS)!r})
from helpers.dataset_photos import photos
from inception_hub.data import decode_split
stop = lambda done, total: done == 150 and os.kill(os.getpid(), signal.SIGKILL)
decode_split(photos(), Path({str(tmp_path)!r}), 8, report=stop)
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    split = photos()
    assert_whole(decode_split(split, tmp_path, 8), split)
    assert reads(split) - COUNT == COUNT - 150 // BATCH * BATCH


@pytest.mark.parametrize("file", ["pixels.npy.partial", "pixels.jsonl.partial"])
def test_a_partial_file_cut_short_is_not_believed(tmp_path: Path, file: str) -> None:
    def interrupt(done: int, total: int) -> None:
        if done == 150:
            raise KeyboardInterrupt

    split = photos()
    with pytest.raises(KeyboardInterrupt):
        decode_split(split, tmp_path, 8, report=interrupt)
    with open(tmp_path / file, "r+b") as partial:
        partial.truncate((tmp_path / file).stat().st_size - 10)
    assert_whole(decode_split(split, tmp_path, 8), split)


@pytest.mark.parametrize("file", ["pixels.npy", "pixels.jsonl"])
def test_a_finished_file_cut_short_is_made_anew(tmp_path: Path, file: str) -> None:
    split = photos()
    decode_split(split, tmp_path, 8)
    with open(tmp_path / file, "r+b") as finished:
        finished.truncate((tmp_path / file).stat().st_size - 10)
    assert_whole(decode_split(split, tmp_path, 8), split)


def test_too_little_room_is_told_before(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"need 12,000,000,000,\d{3} bytes in .*make room there"):
        decode_split(photos(4), tmp_path, 1_000_000)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_disk_that_fills_up(tmp_path: Path) -> None:
    (tmp_path / "pixels.npy.partial").symlink_to("/dev/full")
    with pytest.raises(OutputError, match="No space left on device.*make room"):
        decode_split(photos(4), tmp_path, 8)


LINE = {"done": 4, "indices": [0, 1, 2, 3], "aspect": [1.0] * 4, "corrupt": []}


@pytest.mark.parametrize(
    "changed",
    [
        {"indices": [0, 1, 2, 9]},
        {"indices": [-1, 1, 2, 3]},
        {"indices": [0, 1, 1, 3]},
        {"indices": [0, 1, 2, 1 << 70]},
        {"indices": [0, 1, 2, "3"]},
        {"indices": [0, 1, 2], "aspect": [1.0] * 3},
        {"aspect": [1.0] * 5},
        {"aspect": [1.0, 1.0, 1.0, -1.0]},
        {"aspect": [1.0, 1.0, 1.0, float("nan")]},
        {"indices": [0, 1, 2], "aspect": [1.0] * 3, "corrupt": [["bad"]]},
        {"done": 5, "corrupt": ["x"]},
        {"done": True, "indices": [0], "aspect": [1.0]},
        {"more": 1},
    ],
)
def test_a_record_of_what_cannot_be_is_made_anew(changed: dict[str, object], tmp_path: Path) -> None:
    split = photos(4)
    decode_split(split, tmp_path, 8)
    record = tmp_path / "pixels.jsonl"
    head, line = record.read_text().splitlines()
    assert json.loads(line) == LINE
    record.write_text(f"{head}\n{json.dumps(LINE | changed)}\n")
    assert_whole(decode_split(split, tmp_path, 8), split)


@pytest.mark.parametrize("shape", [b"(3, -1)", b"(((", b"(99999999999)", b"'''"])
def test_a_header_of_pixels_is_compared_and_not_parsed(shape: bytes, tmp_path: Path) -> None:
    split = photos(4)
    decode_split(split, tmp_path, 8)
    pixels = tmp_path / "pixels.npy"
    content = pixels.read_bytes()
    assert b"(4, 8, 8, 3)" in content
    pixels.write_bytes(content.replace(b"(4, 8, 8, 3)", shape.ljust(12)[:12]))
    assert_whole(decode_split(split, tmp_path, 8), split)


def test_deep_and_waiting_records_are_made_anew(tmp_path: Path) -> None:
    split = photos(4)
    decode_split(split, tmp_path, 8)
    (tmp_path / "pixels.jsonl").write_text("[" * 100_000 + "\n")
    assert_whole(decode_split(split, tmp_path, 8), split)
    for name in ("pixels.jsonl", "pixels.npy"):
        (tmp_path / name).unlink()
        if hasattr(os, "mkfifo"):
            os.mkfifo(tmp_path / name)
        assert_whole(decode_split(split, tmp_path, 8), split)
