"""`tf-checkpoint`: a directory with a V2 checkpoint under Slim's names, as TF-Slim restores it."""

from pathlib import Path

import numpy as np

from ..bundle import Bundle
from .comparison import Answers, Check, Images, compare
from .options import Options
from .tensorflow_graph import Graph
from .tensorflow_library import LOADER, save_checkpoint, tf

NAME = "inception_v2.ckpt"


def write(bundle: Bundle, path: Path, options: Options) -> None:
    """The checkpoint, and the state file by which TensorFlow finds it in its directory."""
    path.mkdir()
    save_checkpoint(str(path / NAME), bundle.weights)
    (path / "checkpoint").write_text(f'model_checkpoint_path: "{NAME}"\n', "utf-8")


def check(bundle: Bundle, path: Path, options: Options) -> Check:
    """Reads it with TensorFlow and computes with what was read."""
    reader = tf.train.load_checkpoint(str(path))
    graph = Graph(
        bundle.architecture, {name: tf.constant(reader.get_tensor(name)) for name in bundle.weights}
    )

    def answer(images: Images) -> Answers:
        return {name: np.asarray(value) for name, value in graph(tf.constant(images)).items()}

    return compare(bundle, answer, LOADER, options)
