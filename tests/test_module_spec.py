"""What a module says before an engine makes it runnable."""

import pytest

import inception_hub as hub
from inception_hub import errors

SIGNATURES = [
    "default",
    "image_classification",
    "image_classification_with_bn_hparams",
    "image_feature_vector",
    "image_feature_vector_with_bn_hparams",
]


def test_signatures(module: hub.Module) -> None:
    assert sorted(module.get_signature_names()) == SIGNATURES
    inputs = module.get_input_info_dict("image_feature_vector_with_bn_hparams")
    assert {name: info.get_shape() for name, info in inputs.items()} == {
        "images": (None, None, None, 3),
        "batch_norm_momentum": (),
    }
    assert set(module.get_input_info_dict()) == {"images"}
    outputs = module.get_output_info_dict("image_feature_vector")
    assert len(outputs) == 19
    assert outputs["default"].shape == (None, 256) and outputs["default"].dtype == "float32"
    assert outputs["InceptionV2/Mixed_5c"].shape == (None, None, None, 256)
    assert outputs["InceptionV2/global_pool"].shape == (None, 1, 1, 256)
    assert module.get_output_info_dict()["default"].shape == (None, 10)


def test_image_size_and_channels(spec: hub.ModuleSpec, module: hub.Module) -> None:
    for either in (spec, module):
        assert hub.get_expected_image_size(either) == [64, 64]
        assert hub.get_num_image_channels(either) == 3
    with pytest.raises(errors.ArgumentError, match="Module is missing input 'pixels' in signature 'default'"):
        hub.get_expected_image_size(module, input_name="pixels")
    with pytest.raises(errors.SignatureError):
        hub.get_num_image_channels(module, signature="nope")
