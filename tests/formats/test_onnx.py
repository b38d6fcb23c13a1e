"""ONNX models: run by ONNX Runtime and read back; damaged or hostile ones are refused in one sentence."""

from pathlib import Path

import pytest
from helpers.exports import SIZE, same

from inception_hub import bundle, load_module_spec
from inception_hub.errors import FormatError
from inception_hub.formats import export_bundle
from inception_hub.formats.onnx import files, matches
from inception_hub.formats.options import Options
from inception_hub.formats.tensorflow.protobuf import encoded

NAME = "InceptionV2/Logits/Conv2d_1c_1x1/biases"


@pytest.mark.parametrize("head", [True, False])
def test_an_export_computes_the_same_and_is_read_back(small_module: Path, tmp_path: Path, head: bool) -> None:
    source = bundle.read(small_module)
    source = source if head else source.without_head()
    path = tmp_path / "out.onnx"
    assert export_bundle(source, "onnx", path, options=SIZE).error < 1e-5
    assert same(load_module_spec(path).bundle, source)


def test_any_batch_and_size(small_module: Path, tmp_path: Path) -> None:
    assert export_bundle(bundle.read(small_module), "onnx", tmp_path / "out.onnx").error < 1e-5


def test_photos_in_and_best_classes_out(small_module: Path, tmp_path: Path) -> None:
    options = Options(photos=True, top=3)
    path = tmp_path / "out.onnx"
    assert export_bundle(bundle.read(small_module), "onnx", path, options=options).error < 1e-5


def test_a_file_is_known_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "x.onnx").touch()
    (tmp_path / "folder.onnx").mkdir()
    assert matches(tmp_path / "x.onnx")
    assert not any(matches(tmp_path / name) for name in ("folder.onnx", "gone.onnx", "x"))
    assert files(tmp_path / "x.onnx") == {"x.onnx": tmp_path / "x.onnx"}


def tensor(name: str = NAME, shape: tuple[int, ...] = (2,), dtype: int = 1, raw: bytes = bytes(8)) -> bytes:
    message = b"".join(encoded(1, size) for size in shape)
    return encoded(5, message + encoded(2, dtype) + encoded(8, name.encode()) + encoded(9, raw))


def model(graph: bytes) -> bytes:
    return encoded(1, 8) + encoded(7, graph)


@pytest.mark.parametrize(
    "content, message",
    [
        (b"", "there are no weights under InceptionV2/"),
        (model(tensor("another")), "there are no weights under InceptionV2/"),
        (model(tensor())[:-3], "reaches beyond the end"),
        (model(tensor(shape=(3,))), "biases is not stored as our exports store it"),
        (model(tensor(shape=(0, 1 << 62), raw=b"")), "biases is not stored as"),
        (model(tensor(shape=(1,) * 99, raw=bytes(4))), "biases is not stored as"),
        (model(tensor(dtype=7)), "biases is not stored as"),
        (model(encoded(5, encoded(1, b"\1" * 9999))), "a shape of more than 32 dimensions"),
        (model(tensor(name="InceptionV2/\n")), "control characters"),
        (model(tensor()) + encoded(14, encoded(1, b"\xff")), "metadata is not valid UTF-8"),
    ],
)
def test_hostile_files(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "x.onnx").write_bytes(content)
    with pytest.raises(FormatError, match=message):
        load_module_spec(tmp_path / "x.onnx")
