"""Exports loaded by the software they are for, and read back."""

from pathlib import Path

import pytest
import torch

from inception_hub import bundle, load_module_spec
from inception_hub.bundle import Bundle
from inception_hub.export import export_bundle
from inception_hub.export.options import Options

NAMES = {"onnx": "out.onnx", "torch": "out.pt2", "timm": "out", "openvino": "out"}
SIZE = Options(size=(33, 50), batch=2)


@pytest.fixture(scope="module", autouse=True)
def _torchvision() -> None:
    """timm imports torchvision, whose compiled operators do not fit every build of PyTorch.

    Declaring the two that it describes at its import is enough; the network uses none of them.
    """
    try:
        import torchvision  # noqa: F401
    except RuntimeError:
        library = torch.library.Library("torchvision", "DEF")
        for name in ("nms", "qnms"):
            library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        LIBRARIES.append(library)


LIBRARIES: list[torch.library.Library] = []  # an operator lives as long as its library


def same(found: Bundle, expected: Bundle) -> bool:
    assert found.architecture == expected.architecture
    assert (found.labels, found.image_size, found.resize) == (
        expected.labels, expected.image_size, expected.resize,
    )  # fmt: skip
    return all(found.weights[n].tobytes() == array.tobytes() for n, array in expected.weights.items())


@pytest.mark.parametrize("format", NAMES)
@pytest.mark.parametrize("head", [True, False])
def test_exports_answer_and_come_back(small_module: Path, tmp_path: Path, format: str, head: bool) -> None:
    source = bundle.read(small_module)
    source = source if head else source.without_head()
    path = tmp_path / NAMES[format]
    assert export_bundle(source, format, path, options=Options() if format == "timm" else SIZE).error < 1e-5
    if format != "openvino":
        assert same(load_module_spec(path).bundle, source)


@pytest.mark.parametrize("format", ["onnx", "openvino", "torch"])
def test_any_batch_and_size(small_module: Path, tmp_path: Path, format: str) -> None:
    path = tmp_path / NAMES[format]
    assert export_bundle(bundle.read(small_module), format, path).error < 1e-5


@pytest.mark.parametrize("format", ["onnx", "openvino"])
def test_photos_in_and_best_classes_out(small_module: Path, tmp_path: Path, format: str) -> None:
    path = tmp_path / NAMES[format]
    options = Options(photos=True, top=3)
    assert export_bundle(bundle.read(small_module), format, path, options=options).error < 1e-5
