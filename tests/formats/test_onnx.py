"""ONNX models: run by ONNX Runtime and read back; damaged or hostile ones are refused in one sentence."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from helpers.cases import images_from_seed
from helpers.evidence import check_evidence
from helpers.exports import SIZE, same
from onnxruntime.quantization import CalibrationDataReader, quantize_dynamic, quantize_static

import inception_hub as hub
from inception_hub import bundle, load_module_spec
from inception_hub.errors import FormatError
from inception_hub.formats import export_bundle
from inception_hub.formats.onnx import files, matches, write
from inception_hub.formats.options import Options
from inception_hub.formats.tensorflow.protobuf import encoded

NAME = "InceptionV2/Logits/Conv2d_1c_1x1/biases"
SIZE64 = Options(size=(64, 64))


@pytest.mark.parametrize("head", [True, False])
def test_an_export_computes_the_same_and_is_read_back(small_module: Path, tmp_path: Path, head: bool) -> None:
    source = bundle.read(small_module)
    source = source if head else source.without_head()
    path = tmp_path / "out.onnx"
    assert export_bundle(source, "onnx", path, options=SIZE).error < 1e-5
    assert same(load_module_spec(path).bundle, source)


def test_any_batch_and_size_and_evidence_as_explain_computes_it(small_module: Path, tmp_path: Path) -> None:
    path, images = tmp_path / "out.onnx", images_from_seed((2, 64, 96, 3), 0)
    options = Options(evidence=True)
    assert export_bundle(bundle.read(small_module), "onnx", path, options=options).error < 1e-5
    check_evidence(hub.Module(small_module), path, images, 1e-5)


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
        (b"", "holds no weights under InceptionV2/"),
        (model(tensor("another")), "holds no weights under InceptionV2/"),
        (model(tensor())[:-3], "reaches beyond the end"),
        (model(tensor(shape=(3,))), "biases is not stored as our exports store it"),
        (model(tensor(shape=(0, 1 << 62), raw=b"")), "biases is not stored as"),
        (model(tensor(shape=(1,) * 99, raw=bytes(4))), "biases is not stored as"),
        (model(tensor(dtype=7)), "biases is not stored as"),
        (model(encoded(5, encoded(1, b"\1" * 9999))), "a shape of more than 32 dimensions"),
        (model(encoded(1, b"") * 2001), "has more than 2000 fields"),
        (model(tensor(name="InceptionV2/\n")), "control characters"),
        (model(tensor()) + encoded(14, encoded(1, b"\xff")), "metadata is not valid UTF-8"),
    ],
)
def test_hostile_files(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "x.onnx").write_bytes(content)
    with pytest.raises(FormatError, match=message):
        load_module_spec(tmp_path / "x.onnx")


class Photos(CalibrationDataReader):
    """Two images for ONNX Runtime to calibrate on."""

    def __init__(self) -> None:
        self.images = list(images_from_seed((2, 64, 64, 3), 1)[:, None])

    def get_next(self) -> Any:
        return {"images": self.images.pop()} if self.images else None


def by_nncf(source: Path, target: Path) -> None:
    import nncf

    data = nncf.Dataset([{"images": image} for image in Photos().images])
    onnx.save(nncf.quantize(onnx.load(source), data, subset_size=2), target)


@pytest.mark.filterwarnings("ignore")  # theirs
@pytest.mark.parametrize(
    "quantize",
    [
        pytest.param(quantize_dynamic, id="dynamic"),
        pytest.param(lambda source, target: quantize_static(source, target, Photos()), id="static"),
        pytest.param(by_nncf, id="nncf", marks=pytest.mark.slow),
    ],
)
def test_quantizers_of_others_take_the_file_as_it_is(
    small_module: Path, tmp_path: Path, quantize: Callable[[Path, Path], None]
) -> None:
    source, target = tmp_path / "out.onnx", tmp_path / "quantized.onnx"
    write(bundle.read(small_module), source, SIZE64)
    quantize(source, target)
    assert target.stat().st_size < 0.5 * source.stat().st_size
    images = images_from_seed((2, 64, 64, 3), 0)
    session = onnxruntime.InferenceSession(str(target), providers=["CPUExecutionProvider"])
    (logits,) = session.run(["logits"], {"images": images})
    expected = hub.Module(small_module)(images)
    assert np.linalg.norm(logits - expected) < 0.2 * np.linalg.norm(expected)


def test_kernels_are_constants_in_onnx_order(small_module: Path, tmp_path: Path) -> None:
    path = tmp_path / "out.onnx"
    export_bundle(bundle.read(small_module), "onnx", path, options=SIZE)
    graph = onnx.load(path).graph
    constants = {constant.name for constant in graph.initializer}
    kernels = [node.input[1] for node in graph.node if node.op_type in ("Conv", "Gemm")]
    assert len(kernels) == 71 and constants.issuperset(kernels)
