"""The PyTorch engine on a GPU against what the original answered, while the caller's flags allow TF32."""

from collections.abc import Callable, Mapping

import numpy as np
import pytest
import test_golden
import test_training_variant
import torch
from helpers.answering import BFLOAT16_TOLERANCE, check_way
from helpers.cases import (
    GOLDEN,
    GOLDEN_SIZES,
    NO_GOLDEN,
    RELATIVE_TOLERANCE,
    Case,
    check_endpoints,
    distance,
    golden_answer,
    images_from_seed,
    recorded,
)
from numpy.typing import NDArray

import inception_hub as hub
from inception_hub.architecture import LOGITS
from inception_hub.bundle import Bundle, Provenance
from inception_hub.engines.torch_inference import WAYS, Way
from inception_hub.labels import Labels

pytestmark = [pytest.mark.gpu, pytest.mark.usefixtures("tf32_allowed")]
golden = pytest.mark.skipif(not GOLDEN.exists(), reason=NO_GOLDEN)
eval_cases = pytest.mark.parametrize("case", recorded("eval"), ids=lambda case: case.name)
train_cases = pytest.mark.parametrize("case", recorded("train"), ids=lambda case: str(case.shape))


def spec_of(case: Case) -> hub.ModuleSpec:
    classes = case.architecture.num_classes
    labels = Labels(tuple(f"class {number}" for number in range(classes)), (None,) * classes)
    origin = Provenance("random numbers", "Apache-2.0")
    return hub.ModuleSpec(Bundle(case.name, case.architecture, case.weights, labels, origin, (224, 224)))


@pytest.fixture(scope="module")
def golden_spec(tmp_path_factory: pytest.TempPathFactory) -> hub.ModuleSpec:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("INCEPTION_HUB_CACHE", str(tmp_path_factory.mktemp("cache")))
        return hub.load_module_spec(GOLDEN / test_golden.ARCHIVES["tf1-hub"])


def check_answers(
    spec: hub.ModuleSpec, device: str, shape: tuple[int, ...], answers: Mapping[str, NDArray[np.generic]]
) -> None:
    """Everything in float32, first and again, when a recording is replayed."""
    images = images_from_seed(shape, int(answers["seed"]))
    module = hub.Module(spec, engine="torch", device=device)
    for _ in range(2):
        outputs = module(images, as_dict=True)
        check_endpoints(outputs, answers)
        if LOGITS in outputs:
            assert distance(outputs[LOGITS], answers["logits"]) < RELATIVE_TOLERANCE
        features = module(images, signature="image_feature_vector")
        assert distance(features, answers["feature_vector"]) < RELATIVE_TOLERANCE


@golden
@pytest.mark.parametrize("size", GOLDEN_SIZES)
def test_golden_answers(golden_spec: hub.ModuleSpec, device: str, size: str) -> None:
    answers = golden_answer(size)
    check_answers(golden_spec, device, tuple(int(n) for n in answers["shape"]), answers)


@eval_cases
def test_recorded_answers(case: Case, device: str) -> None:
    check_answers(spec_of(case), device, case.shape, case.answers)


@golden
def test_golden_logits_in_bfloat16(golden_spec: hub.ModuleSpec, device: str) -> None:
    answers = golden_answer("224x224")
    images = images_from_seed(tuple(int(n) for n in answers["shape"]), int(answers["seed"]))
    module = hub.Module(golden_spec, engine="torch", device=device, precision="bf16")
    assert distance(module(images), answers["logits"]) < BFLOAT16_TOLERANCE


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
@pytest.mark.parametrize("way", WAYS[1:])
def test_ways_to_compute_a_pass(
    device: str, way: Way, dtype: torch.dtype, record_property: Callable[[str, object], None]
) -> None:
    check_way(device, way, dtype, record_property)


@golden
@pytest.mark.parametrize("variant", ["default", "0.997"])
def test_golden_training_step(golden_spec: hub.ModuleSpec, device: str, variant: str) -> None:
    test_golden.test_one_training_step_as_the_original(golden_spec, variant, device)


@train_cases
def test_recorded_gradients(case: Case, device: str) -> None:
    test_training_variant.test_loss_and_gradients_as_the_original(case, device)


@train_cases
@pytest.mark.parametrize("momentum", [0.99, 0.9])
def test_recorded_moving_statistics(case: Case, device: str, momentum: float) -> None:
    test_training_variant.test_moving_statistics_as_the_original(case, momentum, device)


def test_a_replay_computes_what_an_eager_pass_does(device: str) -> None:
    """Other images than those recorded, then other weights."""
    module = hub.Module(spec_of(recorded("eval")[0]), trainable=True, engine="torch", device=device)
    first, second = (images_from_seed((3, 96, 128, 3), seed) for seed in (1, 2))
    module(first)
    for _ in range(2):
        found = module(second)
        eager = module(torch.from_numpy(second).to(device)).detach().cpu().numpy()  # gradients are wanted
        assert distance(found, eager) < RELATIVE_TOLERANCE
        with torch.no_grad():
            module.trainable_variables[0].mul_(1.5)  # type: ignore[union-attr]
        assert distance(module(second), found) > 1e-3
