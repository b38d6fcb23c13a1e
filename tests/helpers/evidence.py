"""Evidence of exports: the activation maps that `explain` computes."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import inception_hub as hub
from inception_hub.architecture import FEATURE_MAP
from inception_hub.inference.activation_maps import activation_maps


def differs_from_ours(module: hub.Module, images: NDArray[np.float32], evidence: NDArray[Any]) -> float:
    """The largest difference, as a share of the largest value."""
    classes = range(module.architecture.num_classes)
    feature_maps = module.endpoints(images, (FEATURE_MAP,))[FEATURE_MAP]
    expected = np.stack([activation_maps(module, each, classes).transpose(1, 2, 0) for each in feature_maps])
    assert evidence.shape == expected.shape and evidence.dtype == np.float32
    return float(np.abs(evidence - expected).max() / np.abs(expected).max())


def check_evidence(module: hub.Module, path: Path, images: NDArray[np.float32], most: float) -> None:
    """Holds that of an ONNX file to ours; its mean and the bias are the logit."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    logits, evidence = map(np.asarray, session.run(["logits", "evidence"], {"images": images}))
    assert differs_from_ours(module, images, evidence) < most
    biases = module.variable_map["InceptionV2/Logits/Conv2d_1c_1x1/biases"]
    assert np.allclose(evidence.mean((1, 2)) + biases, logits, atol=most)
