"""V2 checkpoints: shards, checksums, and hostile entries of the index."""

import shutil
from pathlib import Path

import pytest
from helpers.tensorflow_samples import (
    HEADER,
    SAMPLES,
    block,
    expected,
    extents,
    message,
    same_arrays,
    shape,
    table,
)

from inception_hub.errors import FormatError
from inception_hub.formats.tensorflow.checkpoint_v2 import read
from inception_hub.formats.tf_checkpoint import read_checkpoint

# float32 [1 << 20], whose slices are all the same 4 bytes, again and again
REPEATED = message((1, 1), (2, shape(1 << 20)), *[(7, extents((0, 1)))] * 900)


@pytest.mark.parametrize("name", ["v2", "sharded"])
def test_what_tensorflow_wrote(name: str) -> None:
    same_arrays(read(str(SAMPLES / name)), expected(name))


def test_a_missing_shard(tmp_path: Path) -> None:
    for suffix in ("index", "data-00000-of-00002"):
        shutil.copy(SAMPLES / f"sharded.{suffix}", tmp_path)
    with pytest.raises(FormatError, match="sharded.data-00001-of-00002 is missing"):
        read_checkpoint(tmp_path / "sharded")


def test_errors_name_the_variable(tmp_path: Path) -> None:
    for path in SAMPLES.glob("v2.*"):
        shutil.copy(path, tmp_path)
    data = tmp_path / "v2.data-00000-of-00001"
    content = bytearray(data.read_bytes())
    kernel = expected("v2")["InceptionV2/kernel/weights"].tobytes()
    content[content.index(kernel) + 5] ^= 1
    data.write_bytes(content)
    with pytest.raises(FormatError, match=f"^InceptionV2/kernel/weights: checksum mismatch in {data}; fetch"):
        read_checkpoint(tmp_path)
    data.write_bytes(content[:100])
    with pytest.raises(
        FormatError, match="InceptionV2/kernel/weights: bytes up to 288 wanted and only 100 present"
    ):
        read_checkpoint(tmp_path)


@pytest.mark.parametrize(
    ("entries", "complaint"),
    [
        ([(b"w", message((1, 1)))], "header is missing"),
        ([(b"", message((1, 1), (2, 1)))], "big-endian"),
        (
            [HEADER, (b"w", message((1, 1), (2, shape(4)), (5, 15)))],
            r"w: 15 bytes for float32 of shape \[4\]",
        ),
        (
            [HEADER, (b"w", message((1, 1), (2, shape(4)), (3, 1), (5, 16)))],
            "w: data file 1 where there are 1",
        ),
        ([HEADER, (b"w", message((1, 1), (2, shape(4)), (4, -1), (5, 16)))], "another variable"),
        ([HEADER, (b"w", message((1, 1), (2, shape(4)), (4, 1 << 62), (5, 16)))], "only 64 present"),
        ([HEADER, (b"w", message((1, 1), (2, shape(1 << 30)), (5, 4 << 30)))], "more than 2 GiB"),
        ([HEADER, (b"w\n", message((1, 1), (2, shape(4)), (5, 16)))], "control characters"),
        ([HEADER, (b"w\xff", message((1, 1), (2, shape(4)), (5, 16)))], "not valid UTF-8"),
        ([HEADER, (b"w", REPEATED)], "w: slices that overlap"),
        (
            [HEADER, (b"w", message((1, 1), (2, shape(2)), (7, extents((0, 1)))))],
            "w: a slice that is missing",
        ),
    ],
)
def test_hostile_v2_files(tmp_path: Path, entries: list[tuple[bytes, bytes]], complaint: str) -> None:
    (tmp_path / "hostile.index").write_bytes(table(block(*entries)))
    (tmp_path / "hostile.data-00000-of-00001").write_bytes(bytes(64))
    with pytest.raises(FormatError, match=complaint + ".* in .*hostile.*; fetch or copy the file again."):
        read_checkpoint(tmp_path / "hostile")
