"""The signatures of modules with and without classes."""

import pytest

from inception_hub.architecture import GLOBAL_POOL, LOGITS, Architecture
from inception_hub.errors import SignatureError
from inception_hub.signatures import find, signatures

WITH, WITHOUT = Architecture(1.0, 1001), Architecture(1.0, 0)


def test_the_originals_five_and_three_without_a_head() -> None:
    assert set(signatures(WITH)) == {
        "default",
        "image_classification",
        "image_classification_with_bn_hparams",
        "image_feature_vector",
        "image_feature_vector_with_bn_hparams",
    }
    assert set(signatures(WITHOUT)) == {
        "default",
        "image_feature_vector",
        "image_feature_vector_with_bn_hparams",
    }


def test_the_default_is_what_the_module_is_for() -> None:
    assert find(WITH, None).output == find(WITH, "image_classification").output == LOGITS
    assert find(WITHOUT, None).output == find(WITHOUT, "image_feature_vector").output == GLOBAL_POOL


def test_the_momentum_is_an_input_of_two() -> None:
    takes = [name for name, each in signatures(WITH).items() if "batch_norm_momentum" in each.inputs]
    assert sorted(takes) == ["image_classification_with_bn_hparams", "image_feature_vector_with_bn_hparams"]


def test_an_unknown_name_lists_the_known() -> None:
    with pytest.raises(SignatureError, match="image_feature_vector"):
        find(WITHOUT, "image_classification")
