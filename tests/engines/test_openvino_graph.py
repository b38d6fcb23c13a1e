"""The OpenVINO graph: its input, its outputs, and layers whose weights are what was folded."""

import numpy as np
from helpers.weights_from_seed import random_weights

from inception_hub.architecture import GLOBAL_POOL, LOGITS, PREDICTIONS, Architecture
from inception_hub.engines.openvino_graph import FEATURES, build, expose, float_parts
from inception_hub.weights import fold

ARCHITECTURE = Architecture(0.25, 3)
WEIGHTS = random_weights({n: v.shape for n, v in ARCHITECTURE.variables.items()}, 7)


def test_every_layer_with_weights_is_folded() -> None:
    parts = float_parts(ARCHITECTURE, WEIGHTS)
    with_weights = [layer for layer in ARCHITECTURE.layers if layer.variables]
    assert list(parts.layers) == [layer.name for layer in with_weights] and not parts.ranges
    for layer in with_weights:
        kernel, bias = fold(layer, WEIGHTS)
        assert np.array_equal(parts.layers[layer.name].kernel, kernel)
        assert np.array_equal(parts.layers[layer.name].bias, bias)


def test_inputs_and_outputs_have_their_names() -> None:
    graph = build(ARCHITECTURE, float_parts(ARCHITECTURE, WEIGHTS), 33, 40, (LOGITS, GLOBAL_POOL))
    assert [str(each.get_any_name()) for each in graph.inputs] == ["images"]
    assert str(graph.inputs[0].get_partial_shape()) == "[?,33,40,3]"
    assert [each.get_any_name() for each in graph.outputs] == [LOGITS, GLOBAL_POOL]
    assert [str(each.get_partial_shape()) for each in graph.outputs] == ["[?,3]", "[?,1,1,256]"]


def test_only_what_is_exposed_is_there() -> None:
    whole = build(ARCHITECTURE, float_parts(ARCHITECTURE, WEIGHTS), 32, 32, (LOGITS,))
    assert [each.get_any_name() for each in expose(whole, (PREDICTIONS,)).outputs] == [PREDICTIONS]
    features = build(Architecture(0.25, 0), float_parts(Architecture(0.25, 0), WEIGHTS), 32, 32, (FEATURES,))
    names = {node.get_friendly_name() for node in features.get_ops()}
    assert LOGITS not in names and GLOBAL_POOL in names
