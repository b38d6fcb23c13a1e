"""Records what the original software answers for weights and sizes beside the golden ones.

Writes `original_answers.npz` and `variables.json` beside itself. Not run by the tests. Environment:
Python 3.11 with `tensorflow==2.13.1`, `tensorflow_hub==0.15.0`, `tf_slim==1.1.0`; no GPU. Then
`python tests/recorded/record_original.py`.

The graph is that of `google/imagenet/inception_v2/classification/3`: images in [0, 1] mapped to [-1, 1],
tf_slim's `inception_v2_base` under `inception_v2_arg_scope`, the mean over height and width, dropout, and a
1x1 convolution. Keys of the npz, `<case>` being `eval/<k>` or `train/<k>`:

- `<case>/{shape,seed,depth_multiplier,num_classes}`: inputs are
  `RandomState(seed).random_sample(shape).astype(float32)`, weights `random_weights(shapes, seed)`.
- `eval/<k>/{logits,feature_vector}`; `eval/<k>/endpoint/<key>/{shape,mean,abs_max,corner,far_corner}`,
  `corner` being the first 8 values of the last axis at the first position, `far_corner` the last 8 at the
  last position.
- `train/<k>/{feature_vector,loss,regularization_loss}`, batch statistics, trainable; `loss` is the mean over
  the batch of `sum(feature_vector * w)` with `w = RandomState(5).normal(size=(features,)).astype(float32)`;
  `grad_norm` the L2 norms of its gradients, without regularisation, of the trainable variables in sorted name
  order; `after/<decay>` the moving statistics after one update, all in one row in sorted name order.
"""

import json
import os
import sys
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

# tf_slim 1.1 looks for Keras's legacy layers where TensorFlow 2.13 no longer keeps them.
import keras.src.legacy_tf_layers as legacy_tf_layers
import numpy as np

sys.modules["keras.legacy_tf_layers"] = legacy_tf_layers

import tensorflow.compat.v1 as tf  # noqa: E402
import tf_slim as slim  # noqa: E402
from tf_slim.nets import inception_v2  # noqa: E402

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from helpers.weights_from_seed import random_weights  # noqa: E402

# depth_multiplier, num_classes, shape of the images, seed
EVAL_CASES = (
    (1.0, 1001, (2, 224, 224, 3), 101),
    (1.0, 1001, (2, 131, 197, 3), 102),
    (1.0, 1001, (2, 32, 32, 3), 103),
    (0.5, 10, (3, 96, 128, 3), 104),
    (0.3, 7, (2, 75, 75, 3), 105),
    (1.4, 5, (2, 64, 64, 3), 106),
)
TRAIN_CASES = (
    (0.5, 10, (4, 64, 64, 3), 201),
    (0.5, 10, (1, 32, 32, 3), 202),
)
DECAYS = (0.99, 0.9)


def network(images, depth_multiplier, num_classes, is_training, decay):
    """Feature vector, logits and named endpoints of `images` in [0, 1]."""
    arg_scope = inception_v2.inception_v2_arg_scope()
    for arguments in arg_scope.values():
        if "normalizer_params" in arguments:
            arguments["normalizer_params"]["decay"] = decay
    with (
        slim.arg_scope(arg_scope),
        slim.arg_scope([slim.batch_norm, slim.dropout], is_training=is_training),
        tf.variable_scope("InceptionV2") as scope,
    ):
        net, endpoints = inception_v2.inception_v2_base(
            images * 2 - 1, depth_multiplier=depth_multiplier, scope=scope
        )
        endpoints["global_pool"] = pooled = tf.reduce_mean(net, [1, 2], keepdims=True)
        with tf.variable_scope("Logits"):
            dropped = slim.dropout(pooled, keep_prob=0.8, scope="Dropout_1b")
            logits = slim.conv2d(
                dropped, num_classes, [1, 1], activation_fn=None, normalizer_fn=None, scope="Conv2d_1c_1x1"
            )
            logits = tf.squeeze(logits, [1, 2])
        endpoints["Logits"], endpoints["Predictions"] = logits, tf.nn.softmax(logits)
    return (
        tf.squeeze(pooled, [1, 2]),
        logits,
        {f"InceptionV2/{key}": value for key, value in endpoints.items()},
    )


def inputs(shape, seed):
    return np.random.RandomState(seed).random_sample(shape).astype(np.float32)


def load_weights(session, seed):
    variables = {variable.op.name: variable for variable in tf.global_variables()}
    weights = random_weights({name: tuple(v.shape.as_list()) for name, v in variables.items()}, seed)
    for name, variable in variables.items():
        variable.load(weights[name], session)


def summary(value):
    rows = value.reshape(-1, value.shape[-1])
    return {
        "shape": np.array(value.shape),
        "mean": value.mean(dtype=np.float64),
        "abs_max": np.abs(value).max(),
        "corner": rows[0, :8],
        "far_corner": rows[-1, -8:],
    }


def record_eval(depth_multiplier, num_classes, shape, seed):
    tf.reset_default_graph()
    images = tf.placeholder(tf.float32, [None, None, None, 3])
    features, logits, endpoints = network(images, depth_multiplier, num_classes, False, 0.99)
    with tf.Session() as session:
        load_weights(session, seed)
        answer = session.run(
            {"logits": logits, "feature_vector": features, "endpoints": endpoints},
            {images: inputs(shape, seed)},
        )
    for key, value in answer.pop("endpoints").items():
        answer |= {f"endpoint/{key}/{what}": number for what, number in summary(value).items()}
    return answer


def record_train(depth_multiplier, num_classes, shape, seed):
    tf.reset_default_graph()
    images = tf.placeholder(tf.float32, [None, None, None, 3])
    decay = tf.placeholder(tf.float32, [])
    features, _, _ = network(images, depth_multiplier, num_classes, True, decay)
    w = np.random.RandomState(5).normal(size=(features.shape[-1],)).astype(np.float32)
    loss = tf.reduce_mean(tf.reduce_sum(features * w, axis=1))
    trainable = sorted(tf.trainable_variables(), key=lambda v: v.op.name)
    # The head is not on the way to the loss: its gradients are zero.
    gradients = tf.gradients(loss, trainable, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    fetches = {
        "feature_vector": features,
        "loss": loss,
        "regularization_loss": tf.losses.get_regularization_loss(),
        "grad_norm": tf.stack([tf.norm(gradient) for gradient in gradients]),
    }
    updates = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
    moving = sorted(set(tf.global_variables()) - set(trainable), key=lambda v: v.op.name)
    after = tf.concat([tf.reshape(variable, [-1]) for variable in moving], 0)
    feed = {images: inputs(shape, seed)}
    with tf.Session() as session:
        load_weights(session, seed)
        answer = session.run(fetches, {**feed, decay: DECAYS[0]})
        for value in DECAYS:
            load_weights(session, seed)
            session.run(updates, {**feed, decay: value})
            answer[f"after/{value}"] = session.run(after)
    return answer


def record_variables():
    """Every variable of the original size with the flags that TensorFlow's own collections give it."""
    tf.reset_default_graph()
    network(tf.placeholder(tf.float32, [None, None, None, 3]), 1.0, 1001, True, 0.99)
    trainable = {variable.op.name for variable in tf.trainable_variables()}
    names = {variable.op.name for variable in tf.global_variables()}
    regularized = set()
    for loss in tf.losses.get_regularization_losses():
        pending = [loss.op]
        while pending:
            op = pending.pop()
            regularized |= {op.name} & names
            pending += [tensor.op for tensor in op.inputs]
    return {
        v.op.name: {
            "shape": v.shape.as_list(),
            "trainable": v.op.name in trainable,
            "regularized": v.op.name in regularized,
        }
        for v in sorted(tf.global_variables(), key=lambda v: v.op.name)
    }


def main():
    tf.disable_v2_behavior()
    rows = (f'  "{name}": {json.dumps(row)}' for name, row in record_variables().items())
    (HERE / "variables.json").write_text("{\n" + ",\n".join(rows) + "\n}\n", encoding="utf-8")

    answers = {}
    for kind, cases, record in (("eval", EVAL_CASES, record_eval), ("train", TRAIN_CASES, record_train)):
        for number, (depth_multiplier, num_classes, shape, seed) in enumerate(cases):
            answer = record(depth_multiplier, num_classes, shape, seed)
            answer |= {
                "shape": shape,
                "seed": seed,
                "depth_multiplier": depth_multiplier,
                "num_classes": num_classes,
            }
            answers |= {f"{kind}/{number}/{key}": value for key, value in answer.items()}
            print(kind, number, shape, "recorded", file=sys.stderr)
    np.savez_compressed(HERE / "original_answers.npz", **answers)


if __name__ == "__main__":
    main()
