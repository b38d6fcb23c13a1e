import shutil
from pathlib import Path

import numpy as np
import pytest
from helpers.tensorflow_samples import SAMPLES, examples, extract_golden, message
from hypothesis import given
from hypothesis import strategies as st

from inception_hub.errors import FormatError, HandleError
from inception_hub.formats.tensorflow.hub_module import HubModule, TensorInfo, is_hub_module, read_hub_module

IMAGES = TensorInfo("float32", (None, None, None, 3))


def test_a_module_that_tensorflow_hub_wrote() -> None:
    module = read_hub_module(SAMPLES / "hub")
    assert set(module.variants) == {frozenset(), frozenset({"train"})}
    for signatures in module.variants.values():
        assert set(signatures) == {"default", "named"}
        assert signatures["default"].inputs == {"default": IMAGES}
        assert signatures["named"].inputs == {"images": IMAGES, "names": TensorInfo("string", None)}
        assert signatures["named"].outputs == {"default": TensorInfo("int32", (4,))}
    # The train variant, which the file lists first, says 5 x 6.
    assert module.image_size == (3, 4)
    assert {name: array.tolist() for name, array in module.variables().items()} == {"scale": [1, 2, 3]}


def test_the_golden_module(tmp_path: Path) -> None:
    module = read_hub_module(extract_golden("tf1_hub_module.tar.gz", tmp_path))
    plain = {"default", "image_classification", "image_feature_vector"}
    with_momentum = {"image_classification_with_bn_hparams", "image_feature_vector_with_bn_hparams"}
    assert set(module.variants) == {frozenset(), frozenset({"train"})}
    assert set(module.variants[frozenset()]) == plain
    assert set(module.variants[frozenset({"train"})]) == plain | with_momentum
    assert module.image_size == (224, 224)
    momentum = {"images": IMAGES, "batch_norm_momentum": TensorInfo("float32", ())}
    for signatures in module.variants.values():
        for name, signature in signatures.items():
            width = 256 if "feature_vector" in name else 1001
            assert signature.inputs == (momentum if name in with_momentum else {"images": IMAGES})
            assert signature.outputs["default"] == TensorInfo("float32", (None, width))
            assert signature.outputs["InceptionV2/Mixed_5c"] == TensorInfo("float32", (None, None, None, 256))
            assert len(signature.outputs) == 19
    assert len(module.variables()) == 277


def test_is_hub_module(tmp_path: Path) -> None:
    assert is_hub_module(SAMPLES / "hub")
    assert not is_hub_module(SAMPLES)
    assert not is_hub_module(tmp_path / "gone")


@pytest.mark.parametrize("missing", ["tfhub_module.pb", "saved_model.pb"])
def test_missing_files_are_named(tmp_path: Path, missing: str) -> None:
    shutil.copytree(SAMPLES / "hub", tmp_path, dirs_exist_ok=True)
    (tmp_path / missing).unlink()
    with pytest.raises(HandleError, match=f"{missing} cannot be read .*; give"):
        read_hub_module(tmp_path)


def test_missing_variables(tmp_path: Path) -> None:
    shutil.copytree(SAMPLES / "hub", tmp_path, dirs_exist_ok=True)
    shutil.rmtree(tmp_path / "variables")
    with pytest.raises(HandleError, match="variables.index leads to no TensorFlow checkpoint"):
        read_hub_module(tmp_path).variables()


def made(directory: Path, graphs: bytes, definition: bytes = b"\x08\x03") -> HubModule:
    (directory / "tfhub_module.pb").write_bytes(definition)
    (directory / "saved_model.pb").write_bytes(graphs)
    return read_hub_module(directory)


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
    assert made(tmp_path, message(variant())).image_size is None
    assert made(tmp_path, message(variant(attachment(0, 0)))).image_size is None
    assert made(tmp_path, message(variant(attachment(5, 6, key=b"other")))).image_size is None
    assert made(tmp_path, message(variant(), variant(attachment(5, 6), tags=train))).image_size == (5, 6)
    both = message(variant(attachment(5, 6), tags=train), variant(attachment(7, 8)))
    assert made(tmp_path, both).image_size == (7, 8)
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
        read_hub_module(tmp_path)


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


LARGE = message((1, b"a"), (2, message((9, bytes(200 << 10)))))  # a signature


@pytest.mark.parametrize(
    ("graphs", "complaint"),
    [
        (
            message(*[(2, message((1, message((4, b"%d" % i))))) for i in range(17)]),
            "more than 16 graph variants",
        ),
        (message((2, message((5, LARGE), (5, LARGE)))), "more than 256 KiB"),
        (message((2, message((5, message((1, b"a"), (2, bytes((1 << 18) + 1))))))), "more than 256 KiB"),
    ],
)
def test_what_is_said_of_signatures_is_bounded(tmp_path: Path, graphs: bytes, complaint: str) -> None:
    shutil.copytree(SAMPLES / "hub", tmp_path, dirs_exist_ok=True)
    (tmp_path / "saved_model.pb").write_bytes(graphs)
    with pytest.raises(FormatError, match=complaint):
        read_hub_module(tmp_path)
