"""TensorFlow's checkpoints read without it: its own samples, what a path means, damaged and hostile files."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from helpers.tensorflow_samples import (
    HEADER,
    SAMPLES,
    Arrays,
    announced,
    block,
    examples,
    expected,
    extract_golden,
    same_arrays,
    table,
    v1,
)
from helpers.tensorflow_writer import write_v2
from hypothesis import given
from hypothesis import strategies as st

from inception_hub import bundle
from inception_hub.errors import FormatError, HandleError
from inception_hub.formats.tf_checkpoint import files, read, read_checkpoint, variables


@pytest.mark.parametrize("name", ["v1.ckpt", "v2", "sharded", "snappy.ckpt"])
def test_what_tensorflow_wrote(name: str) -> None:
    arrays = read_checkpoint(SAMPLES / name)
    same_arrays(arrays, expected(name))
    assert all(array.flags.aligned and array.flags.writeable for array in arrays.values())


def test_a_checkpoint_holds_nothing_but_variables() -> None:
    exported = read(SAMPLES / "v2")
    assert exported.weights.keys() == expected("v2").keys()
    assert exported.labels is exported.image_size is exported.resize is None


def test_what_is_written_has_the_step_that_slims_evaluation_asks_for(
    small_module: Path, tmp_path: Path
) -> None:
    source = bundle.read(small_module)
    written = variables(source)
    step = written["global_step"]
    assert (step.dtype, step.shape, step) == (np.int64, (), 0)
    write_v2(tmp_path / "inception_v2.ckpt", written)
    exported = read(tmp_path)
    assert exported.left_out is None  # a counter is no news
    same_arrays(exported.weights, source.weights)


def test_the_snappy_sample_is_compressed() -> None:
    assert (SAMPLES / "snappy.ckpt").stat().st_size < sum(
        a.nbytes for a in expected("snappy.ckpt").values()
    ) / 2


@pytest.mark.parametrize("name", ["sharded", "sharded.index", "sharded.data-00001-of-00002"])
def test_any_file_of_a_v2_checkpoint_leads_to_it(name: str) -> None:
    same_arrays(read_checkpoint(SAMPLES / name), expected("sharded"))


def test_the_golden_checkpoints_hold_the_same_weights(tmp_path: Path) -> None:
    v1 = read_checkpoint(extract_golden("slim_v1_checkpoint.tar.gz", tmp_path / "v1"))
    v2 = read_checkpoint(extract_golden("tf1_hub_module.tar.gz", tmp_path / "v2") / "variables")
    assert len(v1) == 277
    assert {array.dtype for array in v1.values()} == {np.dtype(np.float32)}
    same_arrays(v1, v2)


def test_a_directory_with_one_checkpoint(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not a checkpoint")
    with pytest.raises(HandleError, match="holds no TensorFlow checkpoint; give"):
        read_checkpoint(tmp_path)
    shutil.copy(SAMPLES / "v1.ckpt", tmp_path / "model.ckpt-12")
    same_arrays(read_checkpoint(tmp_path), expected("v1.ckpt"))
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
        same_arrays(read_checkpoint(tmp_path), expected(wanted))
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


def test_files_of_a_checkpoint(tmp_path: Path) -> None:
    two = {f"sharded.{end}" for end in ("index", "data-00000-of-00002", "data-00001-of-00002")}
    for name in ("sharded", "sharded.index", "sharded.data-00001-of-00002"):
        assert set(files(SAMPLES / name)) == two
    assert set(files(SAMPLES / "v1.ckpt")) == {"v1.ckpt"}
    for name in (*two, "v1.ckpt"):
        shutil.copy(SAMPLES / name, tmp_path)
    for name in ("checkpoint", "model.ckpt-1.meta", "holiday.jpg"):
        (tmp_path / name).touch()
    assert set(files(tmp_path)) == two | {"v1.ckpt", "checkpoint", "model.ckpt-1.meta"}


def read_or_refuse(path: Path, wanted: Arrays) -> bool:
    """Whether `path` was read, and then as it should be; only a `FormatError` of one line may say no."""
    try:
        arrays = read_checkpoint(path)
    except FormatError as error:
        assert "\n" not in str(error)
        return False
    same_arrays(arrays, wanted)
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
