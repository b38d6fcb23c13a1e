"""A TF1 Hub module as TF-Slim's authors exported theirs: `make_original.py WEIGHTS.npz DIRECTORY`.

Run by the original's Python: tensorflow 2.13.1, tensorflow_hub 0.15.0, tf_slim 1.1.0.
"""
# pyright: reportMissingImports=false

import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras.src.legacy_tf_layers as legacy_tf_layers
import numpy as np

sys.modules["keras.legacy_tf_layers"] = legacy_tf_layers  # where tf_slim 1.1 looks for it

import tensorflow.compat.v1 as tf  # noqa: E402
import tensorflow_hub as hub  # noqa: E402
import tf_slim as slim  # noqa: E402
from tf_slim.nets import inception_v2  # noqa: E402

CLASSES, SIZE = 1001, 224


def graph(is_training: bool) -> None:
    images = tf.placeholder(tf.float32, [None, SIZE, SIZE, 3])
    with slim.arg_scope(inception_v2.inception_v2_arg_scope()):
        logits, _ = inception_v2.inception_v2(images * 2 - 1, CLASSES, is_training=is_training)
    for signature in ("default", "image_classification"):
        hub.add_signature(signature, {"images": images}, {"default": logits})
    info = hub.ImageModuleInfo()
    info.default_image_size.height = info.default_image_size.width = SIZE
    hub.attach_image_module_info(info)


def main(weights_path: str, directory: str) -> None:
    tf.disable_v2_behavior()
    weights = np.load(weights_path)
    variants = [(set(), {"is_training": False}), ({"train"}, {"is_training": True})]
    module = hub.Module(hub.create_module_spec(graph, variants, drop_collections=["moving_vars"]))
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for name, variable in module.variable_map.items():
            variable.load(weights[name], session)
        module.export(directory, session)


if __name__ == "__main__":
    main(*sys.argv[1:])
