"""Graph variants of a TF1 Hub module: their tags, signatures and collections."""

import json

import pytest
from helpers.tensorflow_environments import current

from inception_hub.architecture import Architecture
from inception_hub.signatures import signatures

pytestmark = pytest.mark.tensorflow
CODE = """
import json, sys
from inception_hub.architecture import Architecture
from inception_hub.formats.tensorflow.variant import meta_graph

graph = meta_graph(Architecture(0.1, 4), tuple(sys.argv[1:]))
shape = lambda info: [size.size for size in info.tensor_shape.dim]
print(json.dumps({
    "tags": list(graph.meta_info_def.tags),
    "signatures": {
        name: [{key: shape(info) for key, info in part.items()} for part in (one.inputs, one.outputs)]
        for name, one in graph.signature_def.items()
    },
    "collections": {
        name: len(one.node_list.value) or len(one.bytes_list.value)
        for name, one in graph.collection_def.items()
    },
}))
"""


@pytest.mark.parametrize("tags", [[], ["train"]])
def test_what_a_variant_holds(tags: list[str]) -> None:
    done = current(CODE, *tags)
    assert done.returncode == 0, done.stderr
    variant = json.loads(done.stdout)
    assert variant["tags"] == tags
    architecture = Architecture(0.1, 4)
    expected = signatures(architecture)
    assert set(variant["signatures"]) == set(expected)
    for name, (inputs, outputs) in variant["signatures"].items():
        assert set(inputs) == set(expected[name].inputs)
        assert inputs["images"] == [-1, -1, -1, 3]
        shapes = {
            key: [-1 if size is None else size for size in info.shape]
            for key, info in expected[name].outputs(architecture).items()
        }
        assert {key: len(shape) for key, shape in outputs.items()} == {k: len(s) for k, s in shapes.items()}
        assert {key: shape[-1] for key, shape in outputs.items()} == {k: s[-1] for k, s in shapes.items()}
    counts = {
        "variables": 277,
        "model_variables": 277,
        "trainable_variables": 141,
        "regularization_losses": 69,
    }
    assert variant["collections"] == counts | ({"update_ops": 136} if tags else {})
