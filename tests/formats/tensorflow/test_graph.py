"""The network of TensorFlow operations, computing eagerly."""

from pathlib import Path

import numpy as np
import pytest
from helpers.tensorflow_environments import current

from inception_hub import bundle
from inception_hub.architecture import WEIGHT_DECAY
from inception_hub.formats.comparison import reference, relative_error

pytestmark = pytest.mark.tensorflow
CODE = """
import sys
from pathlib import Path
import numpy as np
from inception_hub import bundle
from inception_hub.formats.tensorflow.graph import Graph, regularization_losses
from inception_hub.formats.tensorflow.library import tf

module, images, target = sys.argv[1:]
source = bundle.read(Path(module))
images = tf.constant(np.load(images))
variables = {name: tf.Variable(value) for name, value in source.weights.items()}
inference = Graph(source.architecture, variables)
outputs = {"endpoint/" + name: value for name, value in inference(images).items()}
assert inference.updates == []
losses = [loss() for loss in regularization_losses(source.architecture, variables)]
training = Graph(source.architecture, variables, 0.9)
training(images)
after = {"after/" + name: value for name, value in variables.items()}
np.savez(target, losses=losses, updates=len(training.updates), **outputs, **after)
"""


def test_endpoints_losses_and_updates(small_module: Path, tmp_path: Path) -> None:
    source = bundle.read(small_module)
    images = np.random.default_rng(0).random((2, 65, 96, 3), np.float32)
    np.save(tmp_path / "images.npy", images)
    done = current(CODE, small_module, tmp_path / "images.npy", tmp_path / "outputs.npz")
    assert done.returncode == 0, done.stderr
    outputs = np.load(tmp_path / "outputs.npz")
    for name, endpoint in reference(source)(images).items():
        assert relative_error(outputs[f"endpoint/{name}"], np.asarray(endpoint)) < 1e-4, name
    regularized = [name for name, variable in source.architecture.variables.items() if variable.regularized]
    expected = [
        WEIGHT_DECAY / 2 * np.square(source.weights[name], dtype=np.float64).sum() for name in regularized
    ]
    assert outputs["losses"] == pytest.approx(expected, rel=1e-5) and len(expected) == 69
    assert outputs["updates"] == 136
    for name, variable in source.architecture.variables.items():
        moved = not np.array_equal(outputs[f"after/{name}"], source.weights[name])
        assert moved == (not variable.trainable), name
