"""The table as a PyTorch program: what it computes, and that converters find plain operators in it."""

from pathlib import Path

import numpy as np
import pytest
import torch
from helpers.cases import images_from_seed

import inception_hub as hub
from inception_hub import bundle
from inception_hub.formats.comparison import TOLERANCE, reference, relative_error
from inception_hub.formats.torch_layers import Layers
from inception_hub.formats.torch_network import Program

WEIGHTS = {"conv2d": (1, 2), "batch_norm": (1, 2, 3, 4), "addmm": (0, 2)}  # arguments that are no activations


@pytest.mark.parametrize("head", [True, False])
@pytest.mark.parametrize("shape", [(2, 64, 96, 3), (1, 33, 50, 3), (1, 7, 40, 3)])
def test_it_computes_what_the_module_does(
    small_module: Path, head: bool, shape: tuple[int, int, int, int]
) -> None:
    source = bundle.read(small_module)
    source = source if head else source.without_head()
    images = images_from_seed(shape, 0)
    expected = reference(source)(images)
    program = Program(source.architecture, Layers(source.architecture, source.weights), evidence=True)
    with torch.inference_mode():
        outputs = {name: value.numpy() for name, value in program(torch.from_numpy(images)).items()}
        plain = Program(source.architecture, program.layers)(torch.from_numpy(images))
    assert list(outputs) == ["feature_vector", "logits", "evidence"][: 3 if head else 1]
    assert list(plain) == list(outputs)[:2]
    assert all(np.array_equal(value.numpy(), outputs[name]) for name, value in plain.items())
    features = expected["InceptionV2/global_pool"][:, 0, 0]
    assert relative_error(outputs["feature_vector"], features) < TOLERANCE / 10
    if head:
        assert relative_error(outputs["logits"], expected["InceptionV2/Logits"]) < TOLERANCE / 10
        bias = source.weights["InceptionV2/Logits/Conv2d_1c_1x1/biases"]
        added = outputs["evidence"].mean((1, 2)) + bias
        assert np.allclose(added, outputs["logits"], atol=1e-4)


def test_nothing_is_computed_from_the_weights(small_module: Path) -> None:
    """ExecuTorch's XNNPACK and LiteRT's converter join a batch norm with its convolution only then."""
    source = bundle.read(small_module)
    program = Program(source.architecture, Layers(source.architecture, source.weights))
    graph = torch.export.export(program, (torch.zeros(1, 64, 64, 3),)).graph
    given = [node for node in graph.nodes if node.op == "call_function"]
    for node in given:
        name = node.target.__name__.partition(".")[0]
        for index in WEIGHTS.get(name, ()):
            if index < len(node.args) and node.args[index] is not None:
                assert node.args[index].op == "placeholder", node
        assert "dtype" not in node.kwargs, node
    norms = [node for node in given if "batch_norm" in node.target.__name__]
    assert len(norms) == 68 and all(norm.args[1] is not None for norm in norms)


def test_the_weights_are_found_by_their_names(small_module: Path) -> None:
    module = hub.Module(small_module)
    weights = bundle.read(small_module).weights
    stored = Program(module.architecture, Layers(module.architecture, weights)).state_dict()
    names = {name.removeprefix("layers.") for name in stored if "InceptionV2/" in name}
    assert names == set(module.architecture.variables)
