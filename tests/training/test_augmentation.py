"""The settings of augmentation: their description, and the ranges of their values."""

import math

import pytest

from inception_hub.errors import ArgumentError
from inception_hub.training.augmentation import Augmentation


def test_descriptions_say_what_is_done() -> None:
    text = Augmentation(
        0.25, rotation=15, rotated=0.5, shear=0.15, sheared=0.3, sharpness=2, sharpened=0.4, colour=0.3,
        cutmix=0.5, mixup=0.1,
    ).describe()  # fmt: skip
    assert text == (
        "crops of 25% of the area and up, 50% mirrored, 50% rotated by up to ±15°, "
        "30% sheared by up to ±0.15, 40% sharpened by up to 2 or softened by up to 1, "
        "brightness, contrast, saturation up to ±30%, CutMix in 50%, mixup in 10%"
    )
    assert Augmentation().describe() == "crops of 40% of the area and up, 50% mirrored"
    assert math.isclose(Augmentation().max_aspect, 4 / 3)


@pytest.mark.parametrize(
    "given, message",
    [
        (dict(min_area=0.0), "min_area is 0.0; give a number from 0.01 to 1."),
        (dict(max_aspect=0.5), "max_aspect is 0.5; give a number from 1 to 10."),
        (dict(rotation=-5), "rotation is -5; give a number from 0 to 180."),
        (dict(sharpness=math.nan), "sharpness is nan; give a number from 0 to 2."),
        (dict(rotated=1.5), "rotated is 1.5; give a number from 0 to 1."),
        (dict(cutmix=0.7, mixup=0.5), "cutmix and mixup are 0.7 and 0.5; a photo gets one or the other"),
    ],
)
def test_values_out_of_range_are_refused(given: dict[str, float], message: str) -> None:
    with pytest.raises(ArgumentError) as raised:
        Augmentation(**given)
    assert str(raised.value).startswith(message)


def test_photos_are_mixed_if_any_share_of_them_is() -> None:
    assert not Augmentation().mixes
    assert Augmentation(mixup=0.1).mixes and Augmentation(cutmix=0.1).mixes
