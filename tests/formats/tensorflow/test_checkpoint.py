import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from helpers.tensorflow_samples import SAMPLES, block, examples, expected, extract_golden, message, table
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from inception_hub.errors import FormatError, HandleError
from inception_hub.formats.tensorflow.checkpoint import read_checkpoint
from inception_hub.formats.tensorflow.files import read_bounded

Arrays = dict[str, NDArray[np.generic]]


def assert_same(received: Arrays, wanted: Arrays) -> None:
    assert received.keys() == wanted.keys()
    for name, array in received.items():
        assert array.dtype == wanted[name].dtype, name
        assert array.shape == wanted[name].shape, name
        assert array.tobytes() == wanted[name].tobytes(), name


@pytest.mark.parametrize("name", ["v1.ckpt", "v2", "sharded", "snappy.ckpt"])
def test_what_tensorflow_wrote(name: str) -> None:
    arrays = read_checkpoint(SAMPLES / name)
    assert_same(arrays, expected(name))
    assert all(array.flags.aligned and array.flags.writeable for array in arrays.values())


def test_the_snappy_sample_is_compressed() -> None:
    assert (SAMPLES / "snappy.ckpt").stat().st_size < sum(
        a.nbytes for a in expected("snappy.ckpt").values()
    ) / 2


@pytest.mark.parametrize("name", ["sharded", "sharded.index", "sharded.data-00001-of-00002"])
def test_any_file_of_a_v2_checkpoint_leads_to_it(name: str) -> None:
    assert_same(read_checkpoint(SAMPLES / name), expected("sharded"))


def test_the_golden_checkpoints_hold_the_same_weights(tmp_path: Path) -> None:
    v1 = read_checkpoint(extract_golden("slim_v1_checkpoint.tar.gz", tmp_path / "v1"))
    v2 = read_checkpoint(extract_golden("tf1_hub_module.tar.gz", tmp_path / "v2") / "variables")
    assert len(v1) == 277
    assert {array.dtype for array in v1.values()} == {np.dtype(np.float32)}
    assert_same(v1, v2)


def test_a_directory_with_one_checkpoint(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not a checkpoint")
    with pytest.raises(HandleError, match="holds no TensorFlow checkpoint; give"):
        read_checkpoint(tmp_path)
    shutil.copy(SAMPLES / "v1.ckpt", tmp_path / "model.ckpt-12")
    assert_same(read_checkpoint(tmp_path), expected("v1.ckpt"))
    for path in SAMPLES.glob("v2.*"):
        shutil.copy(path, tmp_path / path.name.replace("v2", "model.ckpt-34"))
    with pytest.raises(
        HandleError, match=r"holds 2 TensorFlow checkpoints \(model.ckpt-34, model.ckpt-12\); give"
    ):
        read_checkpoint(tmp_path)
    for latest, wanted in (("model.ckpt-12", "v1.ckpt"), ("/elsewhere/model.ckpt-34", "v2")):
        (tmp_path / "checkpoint").write_text(
            f'model_checkpoint_path: "{latest}"\nall_model_checkpoint_paths: "x"\n'
        )
        assert_same(read_checkpoint(tmp_path), expected(wanted))
    (tmp_path / "checkpoint").write_text('model_checkpoint_path: "gone"\n')
    with pytest.raises(HandleError, match="holds 2"):
        read_checkpoint(tmp_path)


def test_paths_that_lead_nowhere(tmp_path: Path) -> None:
    for name in ("gone", "gone.index", "gone.data-00000-of-00001", "nul\0"):
        with pytest.raises(HandleError, match="leads to no TensorFlow checkpoint"):
            read_checkpoint(tmp_path / name)
    shutil.copy(SAMPLES / "v2.data-00000-of-00001", tmp_path / "x.data-00000-of-00001")
    with pytest.raises(HandleError, match="x.index; give"):
        read_checkpoint(tmp_path / "x.data-00000-of-00001")
    (tmp_path / "photo.ckpt").write_bytes(b"\x89PNG" * 100)
    with pytest.raises(FormatError, match="cut short or no TensorFlow checkpoint"):
        read_checkpoint(tmp_path / "photo.ckpt")


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


def read_or_refuse(path: Path, wanted: Arrays) -> bool:
    """Whether `path` was read, and then as it should be; only a `FormatError` of one line may say no."""
    try:
        arrays = read_checkpoint(path)
    except FormatError as error:
        assert "\n" not in str(error)
        return False
    assert_same(arrays, wanted)
    return True


@pytest.mark.parametrize(
    ("checkpoint", "file", "stride"),
    [
        ("v1.ckpt", "v1.ckpt", 61),
        ("sharded", "sharded.index", 13),
        ("sharded", "sharded.data-00000-of-00002", 17),
        ("sharded", "sharded.data-00001-of-00002", 997),
        ("snappy.ckpt", "snappy.ckpt", 307),
    ],
)
def test_damage_is_noticed_or_harmless(tmp_path: Path, checkpoint: str, file: str, stride: int) -> None:
    for path in SAMPLES.glob(f"{checkpoint}*"):
        shutil.copy(path, tmp_path)
    content = (SAMPLES / file).read_bytes()
    wanted = expected(checkpoint)
    harmless = 0
    for position in range(0, len(content), stride):
        flipped = bytearray(content)
        flipped[position] ^= 1 << position % 8
        (tmp_path / file).write_bytes(flipped)
        harmless += read_or_refuse(tmp_path / checkpoint, wanted)
        (tmp_path / file).write_bytes(content[:position])
        # Of the data files only bytes of strings, which are not read, may be missing.
        assert not read_or_refuse(tmp_path / checkpoint, wanted) or file.startswith("sharded.data")
    # The footer's padding, the metaindex, which nobody needs, and the string.
    assert harmless < 12


def v1(meta: bytes, *slices: bytes) -> bytes:
    records = [(b"\0%05d" % number, message((2, content))) for number, content in enumerate(slices)]
    return table(block((b"", message((1, meta))), *records))


def shape(*sizes: int) -> bytes:
    return message(*((2, message((1, size))) for size in sizes))


def announced(*sizes: int, dtype: int = 1) -> bytes:
    return message((1, message((1, b"w"), (2, shape(*sizes)), (3, dtype))))


def extents(*pairs: tuple[int, int] | None) -> bytes:
    return message(*((1, message((1, pair[0]), (2, pair[1])) if pair else b"") for pair in pairs))


def piece(values: bytes, *pairs: tuple[int, int] | None, field: int = 5) -> bytes:
    return message((1, b"w"), (2, extents(*pairs)), (3, message((field, values))))


FOUR = np.arange(4, dtype="<f4").tobytes()


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


HEADER = (b"", message((1, 1)))
# float32 [1 << 20], whose slices are all the same 4 bytes, again and again
REPEATED = message((1, 1), (2, shape(1 << 20)), *[(7, extents((0, 1)))] * 900)


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


@examples
@given(st.binary(max_size=60))
def test_any_record_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, record: bytes) -> None:
    directory = tmp_path_factory.mktemp("any")
    (directory / "v2.data-00000-of-00001").write_bytes(bytes(64))
    (directory / "v2.index").write_bytes(table(block(HEADER, (b"w", record))))
    (directory / "v1.ckpt").write_bytes(table(block((b"", record))))
    (directory / "v1s.ckpt").write_bytes(v1(announced(2), record))
    for name in ("v2", "v1.ckpt", "v1s.ckpt"):
        try:
            read_checkpoint(directory / name)
        except FormatError:
            continue


def test_files_beyond_the_limits(tmp_path: Path) -> None:
    with (tmp_path / "huge.index").open("wb") as file:
        file.truncate((1 << 20) + 1)
    with pytest.raises(FormatError, match="^more than 1 MiB, .* in .*; fetch"):
        read_checkpoint(tmp_path / "huge")


def test_pipes_are_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(FormatError, match="no regular file"):
        read_bounded(tmp_path / "pipe", 100)
