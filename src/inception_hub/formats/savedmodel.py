"""`savedmodel`: TF-Hub's Reusable SavedModel, the interface of the original's successors /4 and /5.

https://www.tensorflow.org/hub/reusable_saved_models; `hub.load` and `hub.KerasLayer` take it, and so does
TensorFlow alone.
"""

from pathlib import Path
from typing import Any

import numpy as np

from ..architecture import BATCH_NORM_MOMENTUM, GLOBAL_POOL, LOGITS
from ..bundle import Bundle
from .comparison import Answers, Check, Images, compare
from .options import Options
from .tensorflow_graph import Graph, regularization_losses
from .tensorflow_library import LOADER, system_errors, tf

IMAGES = tf.TensorSpec([None, None, None, 3], tf.float32, "inputs")
MOMENTUM = tf.TensorSpec([], tf.float32, "batch_norm_momentum")


def write(bundle: Bundle, path: Path, options: Options) -> None:
    """The directory, with every combination of `training` and `return_endpoints` traced."""
    architecture = bundle.architecture
    variables = {
        name: tf.Variable(bundle.weights[name], trainable=variable.trainable, name=name)
        for name, variable in architecture.variables.items()
    }

    @tf.function(autograph=False)
    def call(
        inputs: Any,
        training: bool = False,
        batch_norm_momentum: Any = BATCH_NORM_MOMENTUM,
        return_endpoints: bool = False,
    ) -> Any:
        endpoints = Graph(architecture, variables, batch_norm_momentum if training else None)(inputs)
        default = endpoints.get(LOGITS, tf.squeeze(endpoints[GLOBAL_POOL], [1, 2]))
        return {"default": default, **endpoints} if return_endpoints else default

    @tf.function(input_signature=[IMAGES], autograph=False)
    def serve(inputs: Any) -> Any:
        # A tensor for the momentum, or a fifth function would be traced for a Python number.
        default = call(inputs, False, tf.constant(BATCH_NORM_MOMENTUM), False)
        return {"logits" if architecture.num_classes else "feature_vector": default}

    for training in (False, True):
        for return_endpoints in (False, True):
            call.get_concrete_function(IMAGES, training, MOMENTUM, return_endpoints)
    module = tf.train.Checkpoint()
    module.__call__ = call
    module.variables = list(variables.values())
    module.trainable_variables = [variable for variable in module.variables if variable.trainable]
    module.regularization_losses = [
        tf.function(loss, input_signature=[], autograph=False)
        for loss in regularization_losses(architecture, variables)
    ]
    with system_errors():
        tf.saved_model.save(module, str(path), signatures={"serving_default": serve})


def check(bundle: Bundle, path: Path, options: Options) -> Check:
    """Loads it with TensorFlow and compares every endpoint."""
    module = tf.saved_model.load(str(path))

    def answer(images: Images) -> Answers:
        found = module(tf.constant(images), training=False, return_endpoints=True)
        return {name: np.asarray(value) for name, value in found.items() if name != "default"}

    return compare(bundle, answer, LOADER, options)
