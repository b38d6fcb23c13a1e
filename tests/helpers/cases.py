"""The one list of cases that every engine, precision and export is run over.

Each case is something the original software answered: the golden answers beside the checkout, where they
are, and those recorded in `data/original_answers.npz` (see `data/record_original.py`), always.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
from numpy.typing import NDArray

from helpers.places import GOLDEN as GOLDEN
from helpers.places import RECORDED
from helpers.weights_from_seed import random_weights
from inception_hub.architecture import Architecture

NO_GOLDEN = f"the golden answers are not beside this checkout ({GOLDEN.name}/)"
ENDPOINT_TOLERANCE = 1e-5  # of the endpoint's largest value
RELATIVE_TOLERANCE = 1e-5  # norm of the difference over norm of the reference

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Case:
    """Weights, images and the original's outputs for them, keyed as in the golden README."""

    name: str
    architecture: Architecture
    seed: int
    shape: tuple[int, ...]
    answers: Mapping[str, NDArray[np.generic]]

    @cached_property
    def images(self) -> Array:
        """Images in [0, 1], rebuilt from the seed."""
        return images_from_seed(self.shape, self.seed)

    @cached_property
    def weights(self) -> dict[str, Array]:
        """Weights rebuilt from the seed."""
        shapes = {name: variable.shape for name, variable in self.architecture.variables.items()}
        return random_weights(shapes, self.seed)


def images_from_seed(shape: tuple[int, ...], seed: int) -> Array:
    return np.random.RandomState(seed).random_sample(shape).astype(np.float32)


def recorded(kind: str) -> list[Case]:
    """The recorded cases of a kind, `eval` or `train`."""
    with np.load(RECORDED / "original_answers.npz") as file:
        flat = {key: file[key] for key in file.files}
    names = sorted({"/".join(key.split("/")[:2]) for key in flat if key.startswith(f"{kind}/")})
    return [
        _case(name, {key[len(name) + 1 :]: flat[key] for key in flat if key.startswith(f"{name}/")})
        for name in names
    ]


def _case(name: str, answers: dict[str, NDArray[np.generic]]) -> Case:
    architecture = Architecture(float(answers["depth_multiplier"]), int(answers["num_classes"]))
    return Case(name, architecture, int(answers["seed"]), tuple(int(n) for n in answers["shape"]), answers)


@cache
def golden_answers() -> dict[str, NDArray[np.generic]]:
    """All of the golden `answers.npz`."""
    with np.load(GOLDEN / "answers.npz") as file:
        return {key: file[key] for key in file.files}


GOLDEN_SIZES = ("224x224", "160x160", "192x256", "225x231", "299x299", "96x128", "32x32")


def golden_answer(size: str) -> dict[str, NDArray[np.generic]]:
    """The golden answers at one size, keyed like a case's."""
    prefix = f"eval/{size}/"
    return {key[len(prefix) :]: value for key, value in golden_answers().items() if key.startswith(prefix)}


def distance(found: Array, reference: NDArray[np.generic]) -> float:
    """Norm of the difference over norm of the reference."""
    assert found.shape == reference.shape, (found.shape, reference.shape)
    return float(np.linalg.norm(found - reference) / np.linalg.norm(reference))


def check_endpoints(found: Mapping[str, Array], answers: Mapping[str, NDArray[np.generic]]) -> None:
    """Holds every endpoint the original gave to its recorded shape, corners, mean and largest value."""
    names = {key.split("/", 1)[1].rsplit("/", 1)[0] for key in answers if key.startswith("endpoint/")}
    assert len(names - {"default"}) == 18
    assert set(found) - {"default"} == names - {"default"}
    for name in names & set(found):
        value = found[name]
        reference = {
            key.rsplit("/", 1)[1]: answers[key] for key in answers if key.startswith(f"endpoint/{name}/")
        }
        assert value.shape == tuple(reference["shape"]), name
        bound = ENDPOINT_TOLERANCE * float(reference["abs_max"])
        assert abs(value.mean(dtype=np.float64) - reference["mean"]) <= bound, name
        assert abs(np.abs(value).max() - reference["abs_max"]) <= bound, name
        rows = value.reshape(-1, value.shape[-1])
        if "corner" in reference:
            assert np.abs(rows[0, :8] - reference["corner"]).max() <= bound, name
            assert np.abs(rows[-1, -8:] - reference["far_corner"]).max() <= bound, name
