"""What a caller hands to a module, split and checked without one."""

import numpy as np
import pytest

from inception_hub.architecture import BATCH_NORM_MOMENTUM, Architecture
from inception_hub.errors import ArgumentError, InputError
from inception_hub.inputs import check_shape, numpy_images, split
from inception_hub.signatures import Signature, find

PLAIN = find(Architecture(), "image_classification")
WITH_MOMENTUM = find(Architecture(), "image_classification_with_bn_hparams")
IMAGES = np.zeros((1, 2, 2, 3), np.float32)


@pytest.mark.parametrize("inputs", [IMAGES, {"images": IMAGES}])
def test_a_single_input_may_come_without_its_dict(inputs: object) -> None:
    images, momentum = split(inputs, PLAIN, "image_classification")
    assert images is IMAGES
    assert momentum == BATCH_NORM_MOMENTUM


@pytest.mark.parametrize("momentum", [0, 1, 0.9, np.float32(0.5), np.array(0.5)])
def test_a_momentum_is_one_number(momentum: object) -> None:
    given = {"images": IMAGES, "batch_norm_momentum": momentum}
    assert split(given, WITH_MOMENTUM, "x")[1] == float(momentum)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "inputs, signature, message",
    [
        (IMAGES, WITH_MOMENTUM, "use a dict with images and batch_norm_momentum instead of ndarray"),
        ({}, PLAIN, r"missing \['images'\], extra given \[\]"),
        ({"images": IMAGES, "size": 3}, PLAIN, r"missing \[\], extra given \['size'\]"),
        ({"images": IMAGES, "batch_norm_momentum": True}, WITH_MOMENTUM, "batch_norm_momentum is True"),
    ],
)
def test_other_inputs_are_refused(inputs: object, signature: Signature, message: str) -> None:
    with pytest.raises(InputError, match=message):
        split(inputs, signature, "x")


def test_images_become_contiguous_float32() -> None:
    array = numpy_images(np.ones((2, 3, 4, 3), np.float64).transpose(0, 2, 1, 3))
    assert array.dtype == np.float32
    assert array.shape == (2, 4, 3, 3)
    assert array.flags.c_contiguous
    assert numpy_images([[[[0.0, 0.5, 1.0]]]]).tolist() == [[[[0, 0.5, 1]]]]


@pytest.mark.parametrize("value, message", [(-1.1, "from -1.1"), (255.0, "by 255"), (np.nan, "not finite")])
def test_values_that_are_no_image_are_refused(value: float, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        numpy_images(np.full((1, 2, 2, 3), value))


@pytest.mark.parametrize("value", [-1.0, 2.0])
def test_the_bounds_leave_room_for_resampling(value: float) -> None:
    assert numpy_images(np.full((1, 1, 1, 3), value)).max() == value


@pytest.mark.parametrize(
    "shape, hint",
    [((2, 3, 8, 8), "transpose"), ((8, 8, 3), r"images\[None\]"), ((0, 8, 8, 3), r"\[0, 8, 8, 3\]")],
)
def test_a_wrong_shape_is_refused_with_a_hint(shape: tuple[int, ...], hint: str) -> None:
    with pytest.raises(InputError, match=hint):
        check_shape(shape)
