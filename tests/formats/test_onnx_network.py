"""The interface of the ONNX graph: names, dtypes and shapes of what goes in and comes out."""

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from helpers.cases import images_from_seed
from helpers.evidence import check_evidence, differs_from_ours

import inception_hub as hub
from inception_hub import bundle, load_module_spec
from inception_hub.formats import export_bundle
from inception_hub.formats.onnx_network import model
from inception_hub.formats.options import Options

Interface = dict[str, tuple[int, list[int | str]]]


def interface(values: object) -> Interface:
    return {
        value.name: (
            value.type.tensor_type.elem_type,
            [axis.dim_param or axis.dim_value for axis in value.type.tensor_type.shape.dim],
        )
        for value in values  # type: ignore[attr-defined]
    }


@pytest.mark.parametrize(
    "options, inputs, outputs",
    [
        (
            Options(),
            {"images": (1, ["batch", "height", "width", 3])},
            {"feature_vector": (1, ["batch", 256]), "logits": (1, ["batch", 10])},
        ),
        (
            Options(size=(64, 96), batch=2, photos=True, top=3),
            {"images": (2, [2, 64, 96, 3])},
            {"feature_vector": (1, [2, 256]), "indices": (7, [2, 3]), "probabilities": (1, [2, 3])},
        ),
        (
            Options(fp16=True),
            {"images": (1, ["batch", "height", "width", 3])},
            {"feature_vector": (1, ["batch", 256]), "logits": (1, ["batch", 10])},
        ),
        (
            Options(batch=2, evidence=True),
            {"images": (1, [2, "height", "width", 3])},
            {
                "feature_vector": (1, [2, 256]),
                "logits": (1, [2, 10]),
                "evidence": (1, [2, "rows", "columns", 10]),
            },
        ),
    ],
)
def test_inputs_and_outputs(
    small_module: Path, options: Options, inputs: Interface, outputs: Interface
) -> None:
    graph = model(bundle.read(small_module), options).graph
    assert (interface(graph.input), interface(graph.output)) == (inputs, outputs)


def test_evidence_in_half_precision(small_module: Path, tmp_path: Path) -> None:
    path, images = tmp_path / "out.onnx", images_from_seed((2, 64, 96, 3), 0)
    options = Options(evidence=True, fp16=True)
    export_bundle(bundle.read(small_module), "onnx", path, options=options)
    check_evidence(hub.Module(small_module), path, images, 5e-3)


def test_evidence_of_int8_of_photos(tmp_path: Path) -> None:
    images = np.rint(images_from_seed((1, 128, 128, 3), 0) * 255).astype(np.uint8)
    options = Options(size=(128, 128), photos=True, evidence=True, int8=True, top=5)
    source, path = load_module_spec("tiny_imagenet").bundle, tmp_path / "out.onnx"
    assert export_bundle(source, "onnx", path, options=options).error < 5e-2
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    (evidence,) = session.run(["evidence"], {"images": images})
    module = hub.Module("tiny_imagenet", precision="int8")
    assert differs_from_ours(module, images / np.float32(255), evidence) < 5e-2
