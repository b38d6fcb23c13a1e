"""A module with a calibration, by images of noise whose classes are drawn from its own probabilities."""

import shutil
from pathlib import Path

import numpy as np

from helpers.cases import images_from_seed
from inception_hub import Module, bundle
from inception_hub.architecture import GLOBAL_POOL, LOGITS
from inception_hub.calibration import Calibration, Outputs, chance, fit

IMAGES = 120  # held out: enough for a coverage of 0.99


def outputs(module: Module, seed: int, count: int = IMAGES) -> Outputs:
    """What `module` computes for `count` images, smooth noise of many contrasts."""
    height, width = module.image_size
    images = images_from_seed((count, height, width, 3), seed)
    images *= np.linspace(0.05, 1, count, dtype=np.float32)[:, None, None, None]
    endpoints = module.endpoints(images, (LOGITS, GLOBAL_POOL))
    logits = endpoints[LOGITS]
    noise = np.random.default_rng(seed).gumbel(size=logits.shape)
    return Outputs(
        logits,
        endpoints[GLOBAL_POOL][:, 0, 0],
        np.array([chance(image) for image in images]),
        (logits + noise).argmax(axis=1),
    )


def calibrated(source: Path, target: Path) -> Calibration:
    """Copies the module directory `source` to `target` and adds a calibration; returns that."""
    shutil.copytree(source, target)
    module = Module(source)
    calibration = fit(outputs(module, 1), outputs(module, 2))
    bundle.add_calibration(target, calibration.arrays())
    return calibration
