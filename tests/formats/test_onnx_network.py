"""The interface of the ONNX graph: names, dtypes and shapes of what goes in and comes out."""

from pathlib import Path

import pytest

from inception_hub import bundle
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
    ],
)
def test_inputs_and_outputs(
    small_module: Path, options: Options, inputs: Interface, outputs: Interface
) -> None:
    graph = model(bundle.read(small_module), options).graph
    assert (interface(graph.input), interface(graph.output)) == (inputs, outputs)
