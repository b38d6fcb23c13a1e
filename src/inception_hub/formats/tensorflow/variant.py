"""Builds the graph variants of a TF1 Hub module with TensorFlow: inference, or training by batch statistics.

tensorflow_hub/native_module.py says what a variant may hold, and in which collections.
"""

from collections.abc import Mapping
from typing import Any

from ...architecture import BATCH_NORM_MOMENTUM, GLOBAL_POOL, SCOPE, Architecture, Variable
from ...signatures import IMAGES, MOMENTUM, signatures
from .graph import Graph, regularization_losses
from .library import tf

v1 = tf.compat.v1
Keys = v1.GraphKeys


def meta_graph(architecture: Architecture, tags: tuple[str, ...]) -> Any:
    """The MetaGraphDef with these tags: none for inference, `train` for training."""
    with tf.Graph().as_default():
        variables = {name: _variable(variable) for name, variable in architecture.variables.items()}
        for loss in regularization_losses(architecture, variables):
            v1.add_to_collection(Keys.REGULARIZATION_LOSSES, loss())
        images = v1.placeholder(tf.float32, [None, None, None, 3], IMAGES)
        momentum = v1.placeholder_with_default(BATCH_NORM_MOMENTUM, [], MOMENTUM)
        network = Graph(architecture, variables, momentum if tags else None)
        # The variables' own scope, entered again: operations double its name, as TF-Slim's do.
        with tf.name_scope(f"{SCOPE}/"):
            endpoints = network(images)
            features = tf.squeeze(endpoints[GLOBAL_POOL], [1, 2])
        for update in network.updates:
            v1.add_to_collection(Keys.UPDATE_OPS, update)
        graph = v1.train.export_meta_graph(strip_default_attrs=True)
        for name, signature in signatures(architecture).items():
            default = features if signature.output == GLOBAL_POOL else endpoints[signature.output]
            inputs = {key: {IMAGES: images, MOMENTUM: momentum}[key] for key in signature.inputs}
            definition = _signature(inputs, {"default": default, **endpoints})
            graph.signature_def[name].CopyFrom(definition)
    graph.meta_info_def.tags.extend(tags)
    return graph


def _signature(inputs: Mapping[str, Any], outputs: Mapping[str, Any]) -> Any:
    info = v1.saved_model.build_tensor_info
    return v1.saved_model.build_signature_def(
        {key: info(tensor) for key, tensor in inputs.items()},
        {key: info(tensor) for key, tensor in outputs.items()},
    )


def _variable(variable: Variable) -> Any:
    if variable.stddev is None:
        initializer = v1.constant_initializer(variable.constant)
    else:
        initializer = v1.truncated_normal_initializer(stddev=variable.stddev)
    return v1.get_variable(
        variable.name,
        variable.shape,
        tf.float32,
        initializer,
        trainable=variable.trainable,
        collections=[Keys.GLOBAL_VARIABLES, Keys.MODEL_VARIABLES],
        use_resource=True,
    )
