"""Weights for everyone, as the original stores them: `make_weights.py WEIGHTS.npz`, run by our Python.

The bundled module's, so that they behave as trained ones do, its head widened from 200 classes to the
original's 1001 by classes that never come first.
"""

import sys
from typing import Any

import numpy as np

import inception_hub as hub

CLASSES = 1001
HEAD = "InceptionV2/Logits/Conv2d_1c_1x1"


def main(path: str) -> None:
    weights: dict[str, Any] = dict(hub.load_module_spec("tiny_imagenet").bundle.weights)
    kernel, bias = weights[f"{HEAD}/weights"], weights[f"{HEAD}/biases"]
    more = CLASSES - len(bias)
    small = (
        np.random.default_rng(0).standard_normal((*kernel.shape[:3], more), np.float32) * kernel.std() / 100
    )
    weights[f"{HEAD}/weights"] = np.concatenate([kernel, small], 3)
    weights[f"{HEAD}/biases"] = np.pad(bias, (0, more), constant_values=bias.min() - 10)
    np.savez(path, **weights)


if __name__ == "__main__":
    main(sys.argv[1])
