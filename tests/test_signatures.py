"""The five signatures, their inputs and outputs, as the original's module description has them."""

import pytest

from inception_hub.architecture import GLOBAL_POOL, LOGITS, Architecture
from inception_hub.errors import SignatureError
from inception_hub.signatures import TensorInfo, find, signatures


def test_a_classifier_has_five() -> None:
    five = signatures(Architecture())
    assert {name: (each.output, each.takes_momentum) for name, each in five.items()} == {
        "default": (LOGITS, False),
        "image_classification": (LOGITS, False),
        "image_classification_with_bn_hparams": (LOGITS, True),
        "image_feature_vector": (GLOBAL_POOL, False),
        "image_feature_vector_with_bn_hparams": (GLOBAL_POOL, True),
    }


def test_without_classes_default_is_the_feature_vector() -> None:
    three = signatures(Architecture(num_classes=0))
    assert set(three) == {"default", "image_feature_vector", "image_feature_vector_with_bn_hparams"}
    assert three["default"].output == GLOBAL_POOL


def test_inputs_and_outputs() -> None:
    architecture = Architecture(num_classes=7)
    signature = find(architecture, "image_classification_with_bn_hparams")
    assert signature.inputs == {
        "images": TensorInfo((None, None, None, 3)),
        "batch_norm_momentum": TensorInfo(()),
    }
    outputs = signature.outputs(architecture)
    assert set(outputs) == {"default", *architecture.endpoint_names}
    assert outputs["default"].get_shape() == outputs[LOGITS].shape == (None, 7)
    assert outputs["InceptionV2/Mixed_5c"].shape == (None, None, None, 1024)
    assert outputs[GLOBAL_POOL].shape == (None, 1, 1, 1024)
    assert find(architecture, "image_feature_vector").outputs(architecture)["default"].shape == (None, 1024)


def test_an_unknown_one_is_refused_with_those_there_are() -> None:
    architecture = Architecture(num_classes=0)
    assert find(architecture, None) == find(architecture, "default")
    with pytest.raises(SignatureError, match="'image_classification' is missing.* it has default, image_fe"):
        find(architecture, "image_classification")
