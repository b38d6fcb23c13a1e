"""`savedmodel`: TF-Hub's Reusable SavedModel, the interface of the original's successors /4 and /5.

https://www.tensorflow.org/hub/reusable_saved_models; `hub.load` and `hub.KerasLayer` take it, and so does
TensorFlow alone. Any SavedModel is read whose variables go by TF-Slim's names.
"""

from pathlib import Path
from typing import Any

import numpy as np

from ..architecture import BATCH_NORM_MOMENTUM, FEATURE_MAP, GLOBAL_POOL, LOGITS, LOGITS_LAYER
from ..bundle import Bundle
from . import tf1_hub
from .comparison import Check, Images, Outputs, cases, compare, judge, reference, relative_error
from .exported import Exported
from .named_outputs import EVIDENCE, FEATURES, evidence
from .named_outputs import LOGITS as LOGITS_OUTPUT
from .options import Options
from .tf1_hub import GRAPHS_FILE, VARIABLES
from .tf_checkpoint import V2_FILE, read_checkpoint


def matches(path: Path) -> bool:
    """Whether `path` is a SavedModel other than a TF1 Hub module."""
    return (path / GRAPHS_FILE).is_file() and not tf1_hub.matches(path)


def files(path: Path) -> dict[str, Path]:
    """The files of the checkpoint: the graphs are not read."""
    entries = (path / VARIABLES).parent.glob("*")
    return {entry.name: entry for entry in entries if V2_FILE.fullmatch(entry.name)}


def read(path: Path) -> Exported:
    """The variables; a SavedModel states no image size and no labels. Raises what `read_checkpoint` does."""
    return Exported.of_checkpoint(read_checkpoint(path / f"{VARIABLES}.index"))


def write(bundle: Bundle, path: Path, options: Options) -> None:
    """The directory, with every combination of `training` and `return_endpoints` traced."""
    from .tensorflow.graph import Graph, regularization_losses
    from .tensorflow.library import system_errors, tf

    images_spec = tf.TensorSpec([None, None, None, 3], tf.float32, "inputs")
    momentum_spec = tf.TensorSpec([], tf.float32, "batch_norm_momentum")
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

    @tf.function(input_signature=[images_spec], autograph=False)
    def serve(inputs: Any) -> Any:
        # A tensor for the momentum, or a fifth function would be traced for a Python number.
        endpoints = call(inputs, False, tf.constant(BATCH_NORM_MOMENTUM), True)
        outputs = {LOGITS_OUTPUT if architecture.num_classes else FEATURES: endpoints["default"]}
        if options.evidence:
            outputs[EVIDENCE] = endpoints[FEATURE_MAP] @ variables[f"{LOGITS_LAYER}/weights"][0, 0]
        return outputs

    for training in (False, True):
        for return_endpoints in (False, True):
            call.get_concrete_function(images_spec, training, momentum_spec, return_endpoints)
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
    """Loads it with TensorFlow and compares every endpoint, and the evidence that it serves."""
    from .tensorflow.library import LOADER, tf

    module = tf.saved_model.load(str(path))

    def compute(images: Images) -> Outputs:
        outputs = module(tf.constant(images), training=False, return_endpoints=True)
        return {name: np.asarray(value) for name, value in outputs.items() if name != "default"}

    check = compare(bundle, compute, LOADER, options)
    if not options.evidence:
        return check
    serve, expect = module.signatures["serving_default"], reference(bundle)
    errors = (
        relative_error(
            serve(tf.constant(images))[EVIDENCE].numpy(), evidence(bundle, options, expect(images))
        )
        for images in cases(options)
    )
    return judge(LOADER, (check.error, *errors))
