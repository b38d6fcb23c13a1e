"""TF1 Hub modules read without TensorFlow: those of tensorflow_hub itself, damaged and hostile ones."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from helpers.tensorflow_samples import SAMPLES, examples, extract_golden, message
from hypothesis import given
from hypothesis import strategies as st

from inception_hub.errors import FormatError, HandleError
from inception_hub.formats.tf1_hub import files, matches, read, read_image_size


def test_a_module_that_tensorflow_hub_wrote() -> None:
    exported = read(SAMPLES / "hub")
    # The train variant, which the file lists first, says 5 x 6.
    assert exported.image_size == (3, 4)
    assert {name: array.tolist() for name, array in exported.weights.items()} == {"scale": [1, 2, 3]}
    assert exported.labels is exported.resize is None


def test_the_golden_module(tmp_path: Path) -> None:
    exported = read(extract_golden("tf1_hub_module.tar.gz", tmp_path))
    assert exported.image_size == (224, 224)
    assert len(exported.weights) == 277


def test_a_directory_is_known_by_its_files(tmp_path: Path) -> None:
    assert matches(SAMPLES / "hub")
    assert not matches(SAMPLES)
    assert not matches(tmp_path / "gone")


def test_all_files_belong_to_the_module() -> None:
    variables = {f"variables/variables.{end}" for end in ("index", "data-00000-of-00001")}
    assert set(files(SAMPLES / "hub")) == {"saved_model.pb", "tfhub_module.pb", *variables}
    assert all(path == SAMPLES / "hub" / name for name, path in files(SAMPLES / "hub").items())


@pytest.mark.parametrize("missing", ["tfhub_module.pb", "saved_model.pb"])
def test_missing_files_are_named(tmp_path: Path, missing: str) -> None:
    shutil.copytree(SAMPLES / "hub", tmp_path, dirs_exist_ok=True)
    (tmp_path / missing).unlink()
    with pytest.raises(HandleError, match=f"{missing} cannot be read .*; give"):
        read(tmp_path)


def test_missing_variables(tmp_path: Path) -> None:
    shutil.copytree(SAMPLES / "hub", tmp_path, dirs_exist_ok=True)
    shutil.rmtree(tmp_path / "variables")
    with pytest.raises(HandleError, match="variables.index leads to no TensorFlow checkpoint"):
        read(tmp_path)


def made(directory: Path, graphs: bytes, definition: bytes = b"\x08\x03") -> tuple[int, int] | None:
    (directory / "tfhub_module.pb").write_bytes(definition)
    (directory / "saved_model.pb").write_bytes(graphs)
    return read_image_size(directory)


def variant(*parts: tuple[int, bytes], tags: tuple[bytes, ...] = ()) -> tuple[int, bytes]:
    return 2, message((1, message(*((4, tag) for tag in tags))), *parts)


def attachment(height: int, width: int, key: bytes = b"image_module_info") -> tuple[int, bytes]:
    info = message((1, message((1, height), (2, width))))
    attached = message((2, message((1, message((1, key), (2, info))))))
    return 4, message((1, b"hub_module_attachments"), (2, attached))


@pytest.mark.parametrize(
    ("definition", "complaint"),
    [
        (b"", "module format 0"),
        (b"\x08\x02", "module format 2, where only 3 is known, in .*tfhub_module.pb; fetch"),
        (
            message((1, 3), (2, b"sparkle"), (2, b"glitter")),
            "required features sparkle, glitter, where none is known",
        ),
        (b"\x08", "cut short"),
        (b"\x0a\x00", "in place of a number"),
    ],
)
def test_unknown_formats(tmp_path: Path, definition: bytes, complaint: str) -> None:
    with pytest.raises(FormatError, match=complaint):
        made(tmp_path, message(variant()), definition)


def test_image_sizes(tmp_path: Path) -> None:
    train = (b"train",)
    assert made(tmp_path, message(variant())) is None
    assert made(tmp_path, message(variant(attachment(0, 0)))) is None
    assert made(tmp_path, message(variant(attachment(5, 6, key=b"other")))) is None
    assert made(tmp_path, message(variant(), variant(attachment(5, 6), tags=train))) == (5, 6)
    both = message(variant(attachment(5, 6), tags=train), variant(attachment(7, 8)))
    assert made(tmp_path, both) == (7, 8)
    for height in (-1, 1 << 40):
        with pytest.raises(FormatError, match=f"an image size of {height} x 8"):
            made(tmp_path, message(variant(attachment(height, 8))))


def test_graphs_that_make_no_module(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="no graph variant in .*saved_model.pb; fetch"):
        made(tmp_path, b"")
    with pytest.raises(FormatError, match="two graph variants with the tags \\['train'\\]"):
        made(tmp_path, message(variant(tags=(b"train",)), variant(tags=(b"train",))))


def test_a_file_beyond_the_limit(tmp_path: Path) -> None:
    (tmp_path / "tfhub_module.pb").write_bytes(b"\x08\x03")
    with (tmp_path / "saved_model.pb").open("wb") as file:
        file.truncate((16 << 20) + 1)
    with pytest.raises(FormatError, match="^more than 16 MiB, .* in .*; fetch"):
        read_image_size(tmp_path)


def test_damage_is_read_or_refused(tmp_path: Path) -> None:
    content = (SAMPLES / "hub" / "saved_model.pb").read_bytes()
    generator = np.random.RandomState(0)
    for position in range(0, len(content), 97):
        flipped = bytearray(content)
        flipped[position] ^= 1 << generator.randint(8)
        for damaged in (bytes(flipped), content[:position]):
            try:
                made(tmp_path, damaged)
            except FormatError as error:
                assert "\n" not in str(error)


@examples
@given(st.binary(max_size=80))
def test_any_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    directory = tmp_path_factory.mktemp("any")
    for graphs in (data, message((2, data)), message((2, message((5, data)))), message(variant((4, data)))):
        try:
            made(directory, graphs)
        except FormatError:
            continue


def attachments(size: int) -> tuple[int, bytes]:
    """A collection of at least `size` bytes of attachments."""
    return 4, message((1, b"hub_module_attachments"), (2, message((9, bytes(size)))))


@pytest.mark.parametrize(
    ("graphs", "complaint"),
    [
        (
            message(*[(2, message((1, message((4, b"%d" % i))))) for i in range(17)]),
            "more than 16 graph variants",
        ),
        (message(variant(*[attachments(200 << 10)] * 2)), "more than 256 KiB of attachments"),
        (message(variant(attachments(1 << 18))), "more than 256 KiB of attachments"),
    ],
)
def test_what_is_read_is_bounded(tmp_path: Path, graphs: bytes, complaint: str) -> None:
    shutil.copytree(SAMPLES / "hub", tmp_path, dirs_exist_ok=True)
    (tmp_path / "saved_model.pb").write_bytes(graphs)
    with pytest.raises(FormatError, match=complaint):
        read_image_size(tmp_path)
