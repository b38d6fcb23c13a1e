"""`Bundle`: its copy in memory, and its copy without a head."""

import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np

from inception_hub import bundle
from inception_hub.bundle import DEFAULT_IMAGE_SIZE, Bundle, HasBundle, Provenance
from inception_hub.module import Module
from inception_hub.module_spec import ModuleSpec


def test_without_a_head_nothing_about_classes_is_left(small_module: Path) -> None:
    whole = bundle.read(small_module)
    assert isinstance(whole, Bundle) and whole.provenance == Provenance("random numbers", "Apache-2.0")
    headless = whole.without_head()
    assert headless.architecture.num_classes == len(headless.labels) == 0
    assert (headless.accuracy, headless.card, headless.report, headless.int8) == ((), "", "", None)
    assert headless.calibration is None
    assert (headless.name, headless.image_size) == (whole.name, whole.image_size)
    assert whole.weights.keys() - headless.weights.keys() == {
        "InceptionV2/Logits/Conv2d_1c_1x1/weights",
        "InceptionV2/Logits/Conv2d_1c_1x1/biases",
    }
    assert headless.weights.keys() == headless.architecture.variables.keys()


def test_in_memory_it_needs_no_files(copy: Path) -> None:
    sent = pickle.dumps(bundle.read(copy).in_memory())
    expected = {name: array.copy() for name, array in bundle.read(copy).weights.items()}
    for path in copy.iterdir():
        path.unlink()
    received = pickle.loads(sent)
    assert received.int8 is None
    assert all(np.array_equal(received.weights[name], array) for name, array in expected.items())


def test_a_calibration_goes_with_the_weights_it_is_of(calibrated_module: Path) -> None:
    whole = bundle.read(calibrated_module)
    assert whole.calibration is not None
    sent = pickle.loads(pickle.dumps(whole.in_memory()))
    assert sent.calibration is not None and sent.calibration.keys() == whole.calibration.keys()
    assert Module(ModuleSpec(whole)).bundle.calibration is not None
    assert whole.without_head().calibration is None
    assert whole.trained(whole.weights).calibration is None


def test_trainable_weights_have_no_accuracy_and_no_card(calibrated_module: Path) -> None:
    figures = {"data": "photos", "images": 4, "top1": 0.75}
    measured = replace(bundle.read(calibrated_module), accuracy=(figures,), card="# Small\n", report="<html>")
    module: HasBundle = Module(ModuleSpec(measured), engine="torch")
    assert module.bundle.accuracy == (figures,) and module.bundle.card == "# Small\n"
    trainable = Module(ModuleSpec(measured), trainable=True).bundle
    assert (trainable.accuracy, trainable.card, trainable.report) == ((), "", "")
    assert trainable.calibration is None
    assert trainable.provenance.source == "trained from random numbers"
    assert trainable.image_size == (64, 64) != DEFAULT_IMAGE_SIZE
