"""Names of nodes and constants."""

import numpy as np

from inception_hub.formats.onnx_graph import Graph


def test_every_name_is_told_and_stands_once() -> None:
    graph = Graph()
    scale, kept = graph.constant(np.float32(2)), graph.constant(np.ones(3), "ones")
    product = graph.add("Mul", ["x", scale])
    best = graph.add("TopK", [product, kept], name=("values", "indices"), axis=1)
    assert (kept, best) == ("ones", "values") and len({scale, kept, product}) == 3
    assert [graph.constants[name].ndim for name in (scale, kept)] == [0, 1]
    assert [list(node.output) for node in graph.nodes] == [[product], ["values", "indices"]]
    assert len({node.name for node in graph.nodes}) == 2 and graph.nodes[1].attribute[0].name == "axis"
