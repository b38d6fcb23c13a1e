"""The network's variables among all that checkpoints of training and of larger programs hold."""

import numpy as np
import pytest
from numpy.typing import NDArray

from inception_hub.architecture import Architecture
from inception_hub.errors import WeightsError
from inception_hub.formats.tensorflow.training_state import network_variables

ONE = np.ones(1, np.float32)
WITH_HEAD = dict.fromkeys(Architecture(1.0, 3).variables, ONE)
WITHOUT = dict.fromkeys(Architecture(1.0, 0).variables, ONE)
Arrays = dict[str, NDArray[np.float32]]


def below(prefix: str, names: Arrays, suffix: str = "") -> Arrays:
    return {f"{prefix}{name}{suffix}": array for name, array in names.items()}


@pytest.mark.parametrize("names", [WITH_HEAD, WITHOUT], ids=["classes", "feature vectors"])
@pytest.mark.parametrize("prefix", ["", "module/", "a/b/InceptionV2/"])
def test_a_whole_network_is_found_below_any_prefix(names: Arrays, prefix: str) -> None:
    slots = {f"{prefix}{name}/{slot}": ONE for name in names for slot in ("Adam", "Adam_1", "a/local_step")}
    found = network_variables(below(prefix, names) | slots | {"global_step": ONE})
    assert set(found.weights) == set(names) and not found.averages
    assert found.left_out is not None and "global_step" in found.left_out
    assert f"{len(names)} .../Adam," in found.left_out
    assert (f"below {prefix!r}" in found.left_out) == bool(prefix)


def test_nothing_is_said_where_nothing_is_left_out() -> None:
    assert network_variables(WITH_HEAD).left_out is None
    counted = network_variables(WITH_HEAD | {"global_step": ONE, "save_counter": ONE})
    assert counted.left_out is None and set(counted.weights) == set(WITH_HEAD)


@pytest.mark.parametrize("suffix", ["/ExponentialMovingAverage", "/average"])
def test_averages_are_told_from_slots_and_stand_in_for_weights(suffix: str) -> None:
    averages = below("", WITH_HEAD, suffix)
    found = network_variables(WITH_HEAD | averages)
    assert set(found.averages) == set(found.weights) == set(WITH_HEAD) and found.left_out is None
    assert set(network_variables(averages).weights) == set(WITH_HEAD)


def test_two_networks_are_refused() -> None:
    both = below("student/", WITH_HEAD) | below("teacher/", WITHOUT)
    with pytest.raises(WeightsError, match="stand 2 times in the file, below 'student/', 'teacher/'"):
        network_variables(both)


def test_what_is_no_whole_network_is_left_to_the_check_of_weights() -> None:
    for arrays in (
        {name: ONE for name in list(WITH_HEAD)[1:]},
        below("prefix_without_slash", WITH_HEAD),
        {"InceptionV3/Conv2d_1a_3x3/weights": ONE},
        {},
    ):
        found = network_variables(arrays)
        assert found.weights == arrays and found.left_out is None


def test_an_unknown_layer_of_the_network_stays() -> None:
    more = {"InceptionV2/Conv2d_1a_7x7/extra_weights": ONE}
    assert set(network_variables(WITH_HEAD | more).weights) == {*WITH_HEAD, *more}


def test_hostile_names_are_made_printable_and_few() -> None:
    many = {f"\x1b[2J{number}" + "x" * 1000: ONE for number in range(1000)}
    said = network_variables(below("\x1b]0;/", WITH_HEAD) | many).left_out
    assert said is not None and said.isprintable() and len(said) < 800 and "and 995 more" in said
