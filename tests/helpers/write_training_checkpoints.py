"""Checkpoints as TF-Slim's training, Keras and `tf.train.Checkpoint` write them; for `test_tensorflow.py`.

`write_training_checkpoints.py KIND SOURCE FOLDER`, in the environment of the original. SOURCE: an .npz of the
network's variables by TF-Slim's names; of KIND `keras` the directory of a module for `hub.KerasLayer`. What
is written stands in FOLDER, and in `expected.npz` what it must be read as.
"""

import sys
from pathlib import Path

import numpy as np
import tensorflow as tf

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "recorded"))

STEPS = 2


def slim(weights: str, folder: Path) -> None:
    """What `train_image_classifier.py` does: RMSProp, moving averages, a global step, a Saver of all."""
    from record_original import network

    v1 = tf.compat.v1
    v1.disable_v2_behavior()
    with np.load(weights) as file:
        arrays = dict(file)
    classes = arrays["InceptionV2/Logits/Conv2d_1c_1x1/weights"].shape[-1]
    with v1.variable_scope("module"):  # as in programs around `hub.Module`
        images = v1.random_uniform([4, 64, 64, 3])
        _, logits, _ = network(images, 0.25, classes, True, 0.9)
    loss = v1.losses.sparse_softmax_cross_entropy([0, 1, 2, 0], logits)
    step = v1.train.get_or_create_global_step()
    averages = v1.train.ExponentialMovingAverage(0.5, step)
    updates = v1.get_collection(v1.GraphKeys.UPDATE_OPS)
    with v1.control_dependencies(updates):
        apply = v1.train.RMSPropOptimizer(0.01, momentum=0.9, epsilon=1.0).minimize(loss, step)
    with v1.control_dependencies([apply]):
        train = averages.apply(v1.trainable_variables())
    prefix = "module/"
    variables = {v.op.name: v for v in v1.global_variables()}
    with v1.Session() as session:
        session.run(v1.global_variables_initializer())
        for name, array in arrays.items():
            variables[prefix + name].load(array, session)
        for _ in range(STEPS):
            session.run(train)
        v1.train.Saver().save(session, str(folder / "model.ckpt"), global_step=step)
        raw = {name: session.run(variables[prefix + name]) for name in arrays}
        trained = [v.op.name.removeprefix(prefix) for v in v1.trainable_variables()]
        mean = {
            f"average/{name}": session.run(variables[f"{prefix}{name}/ExponentialMovingAverage"])
            for name in trained
        }
    np.savez(folder / "expected.npz", **raw, **mean)


def keras(module: str, folder: Path) -> None:
    """A Keras model around `hub.KerasLayer`, trained a little with Adam and saved."""
    import tensorflow_hub as hub

    layer = hub.KerasLayer(module, trainable=True)
    model = tf.keras.Sequential([layer, tf.keras.layers.Dense(3)])
    model.compile(
        "adam", tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"]
    )
    images = np.random.default_rng(0).random((4, 64, 64, 3), np.float32)
    model.fit(images, np.array([0, 1, 2, 0]), epochs=STEPS, verbose=0)
    model.save(folder / "model")
    tf.train.Checkpoint(model=model, optimizer=model.optimizer).save(str(folder / "objects"))
    values = {v.name.removesuffix(":0"): v.numpy() for v in layer.variables}
    np.savez(folder / "expected.npz", **values)


if __name__ == "__main__":
    kind, source, target = sys.argv[1:]
    {"slim": slim, "keras": keras}[kind](source, Path(target))
