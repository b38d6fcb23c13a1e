"""V1 checkpoints: in slices, in every form of their numbers, and hostile."""

from pathlib import Path

import numpy as np
import pytest
from helpers.tensorflow_samples import (
    SAMPLES,
    announced,
    block,
    expected,
    message,
    piece,
    same_arrays,
    table,
    v1,
)

from inception_hub.errors import FormatError
from inception_hub.formats.tensorflow.checkpoint_v1 import read
from inception_hub.formats.tf_checkpoint import read_checkpoint

FOUR = np.arange(4, dtype="<f4").tobytes()


@pytest.mark.parametrize("name", ["v1.ckpt", "snappy.ckpt"])
def test_what_tensorflow_wrote(name: str) -> None:
    same_arrays(read(memoryview((SAMPLES / name).read_bytes())), expected(name))


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (v1(announced(4)), "w: slices that do not add up"),
        (v1(announced(5), piece(FOUR, None)), r"w: 4 values for shape \[5\]"),
        (v1(announced(1 << 62), piece(FOUR, None)), "impossible"),
        (v1(announced(-4), piece(FOUR, None)), "impossible"),
        (v1(announced(*[1] * 33), piece(FOUR, None)), "more than 32 dimensions"),
        (v1(announced(0, 1 << 40, 2), piece(b"", None, None, None)), "impossible"),
        (v1(announced(8), piece(FOUR, (0, 4)), piece(FOUR, (2, 4))), "w: slices that overlap"),
        (v1(announced(8), piece(FOUR, (0, 4))), "w: slices that do not add up"),
        (v1(announced(8), piece(FOUR, (6, 4))), "w: a slice from 6 to 10 lies outside an axis of 8"),
        (v1(announced(8), piece(FOUR, (-1, 4))), "w: a slice from -1"),
        (v1(announced(4), piece(FOUR)), "w: a slice has 0 dimensions, its variable 1"),
        (v1(announced(4), piece(FOUR[:-1], None)), "w: 15 bytes, not a whole number"),
        (v1(announced(4), piece(FOUR, None, field=6)), "w: 0 values"),
        (v1(announced(4, dtype=9), piece(b"\x80", None, field=10)), "w: an integer is cut short"),
        (v1(b"", piece(FOUR, None)), "w: values of a variable that the file does not announce"),
        (table(block((b"", message((1, 3))))), "in place of bytes"),
        (v1(announced(1 << 29, dtype=9)), "more than 2 GiB of variables"),
        (
            v1(announced(2, dtype=9), piece(bytes(4 << 20), None, field=10)),
            r"w: 1048576 values for shape \[2\]",
        ),
        (v1(message((1, message((1, b"w" * 1025))))), "longer than 1024 bytes"),
        (v1(bytes(1 << 20)), "more than 1 MiB of names"),
        (table(block((b"", b""), (b"a", message(*[(3, 0)] * 1001)))), "more than 1000 fields"),
    ],
)
def test_hostile_v1_files(tmp_path: Path, content: bytes, complaint: str) -> None:
    (tmp_path / "hostile.ckpt").write_bytes(content)
    with pytest.raises(FormatError, match=complaint + ".* in .*hostile.ckpt; fetch or copy the file again."):
        read_checkpoint(tmp_path / "hostile.ckpt")


def test_v1_in_slices_and_as_raw_bytes(tmp_path: Path) -> None:
    path = tmp_path / "made.ckpt"
    path.write_bytes(v1(announced(4, 2), piece(FOUR, None, (1, 1)), piece(FOUR, None, (0, 1), field=4)))
    assert read_checkpoint(path)["w"].tolist() == [[0, 0], [1, 1], [2, 2], [3, 3]]
