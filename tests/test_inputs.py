"""What a module refuses, with sentences that help."""

import numpy as np
import pytest
from helpers.small import IMAGES, trainable

import inception_hub as hub
from inception_hub import errors


def test_lists_float64_and_single_inputs_by_dict(module: hub.Module) -> None:
    reference = module(IMAGES)
    assert np.array_equal(module(IMAGES.astype(np.float64)), reference)
    assert np.array_equal(module(IMAGES.tolist()), reference)
    assert np.array_equal(module({"images": IMAGES}), reference)
    assert np.array_equal(module(np.asfortranarray(IMAGES)), reference)


BAD_INPUTS = [
    (IMAGES[0], errors.InputError, r"got shape \[64, 64, 3\].*add the batch axis with images\[None\]"),
    (IMAGES.transpose(0, 3, 1, 2), errors.InputError, r"got shape \[2, 3, 64, 64\].*transpose\(0, 2, 3, 1\)"),
    (
        IMAGES[..., :1],
        errors.InputError,
        r"got shape \[2, 64, 64, 1\]; expected float32 \[batch, height, width, 3\]",
    ),
    (IMAGES[:0], errors.InputError, r"got shape \[0, 64, 64, 3\]"),
    (np.full_like(IMAGES, np.nan), errors.ArgumentError, "not finite"),
    (np.where(IMAGES > 0.99, np.inf, IMAGES), errors.ArgumentError, "not finite"),
    (IMAGES * 255, errors.ArgumentError, r"values from .* to 25\d.*divide pixels in \[0, 255\] by 255"),
    (IMAGES - 2, errors.ArgumentError, "values from -1.99"),
    ((IMAGES * 255).astype(np.uint8), errors.InputError, "got uint8 values.*divide uint8 by 255"),
    ([[1, 2], [3]], errors.InputError, "ragged"),
    ("cat.jpg", errors.InputError, "got ndarray|got 'cat.jpg'.*load_images"),
    (None, errors.InputError, "Can't convert 'images'"),
    ({}, errors.InputError, r"missing \['images'\], extra given \[\]"),
    ({"images": IMAGES, "size": 1}, errors.InputError, r"missing \[\], extra given \['size'\]"),
]


@pytest.mark.parametrize("engine", ["openvino", "torch"])
@pytest.mark.parametrize("inputs, kind, message", BAD_INPUTS)
def test_bad_inputs(
    spec: hub.ModuleSpec, engine: str, inputs: object, kind: type[Exception], message: str
) -> None:
    module = hub.Module(spec, engine=engine)  # type: ignore[arg-type]
    with pytest.raises(kind, match=message) as error:
        module(inputs)
    assert "\n" not in str(error.value)


BAD_MOMENTA = [
    (2.0, ValueError),
    (-0.1, ValueError),
    (float("nan"), ValueError),
    ([0.9, 0.9], TypeError),
    ("0.9", TypeError),
    (True, TypeError),
]


@pytest.mark.parametrize("value, kind", BAD_MOMENTA)
@pytest.mark.parametrize("tags", [(), ("train",)])
def test_momentum_must_lie_in_0_1(
    spec: hub.ModuleSpec, tags: tuple[str, ...], value: object, kind: type[Exception]
) -> None:
    module = trainable(spec, False, *tags)
    with pytest.raises(kind, match="batch_norm_momentum is .*in .0, 1., 0.99 being the default"):
        module(
            {"images": IMAGES, "batch_norm_momentum": value}, signature="image_feature_vector_with_bn_hparams"
        )


def test_momentum_is_required_where_the_signature_has_it(module: hub.Module) -> None:
    with pytest.raises(
        errors.InputError, match="expects multiple inputs; use a dict with images and batch_norm_momentum"
    ):
        module(IMAGES, signature="image_feature_vector_with_bn_hparams")
    with pytest.raises(errors.InputError, match=r"missing \['batch_norm_momentum'\]"):
        module({"images": IMAGES}, signature="image_feature_vector_with_bn_hparams")
