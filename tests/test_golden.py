"""The original's own files in, the original's own answers out: both formats, both engines, all sizes."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers.cases import (
    GOLDEN,
    GOLDEN_SIZES,
    NO_GOLDEN,
    RELATIVE_TOLERANCE,
    check_endpoints,
    distance,
    golden_answer,
    golden_answers,
    images_from_seed,
)

import inception_hub as hub
from inception_hub.engines import EngineName
from inception_hub.module_spec import ModuleSpec

pytestmark = pytest.mark.skipif(not GOLDEN.exists(), reason=NO_GOLDEN)
ARCHIVES = {"tf1-hub": "tf1_hub_module.tar.gz", "slim-v1": "slim_v1_checkpoint.tar.gz"}


@pytest.fixture(scope="module", params=ARCHIVES)
def spec(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> ModuleSpec:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("INCEPTION_HUB_CACHE", str(tmp_path_factory.mktemp("cache")))
        return hub.load_module_spec(GOLDEN / ARCHIVES[request.param])


@pytest.fixture(scope="module")
def module_on(spec: ModuleSpec) -> Callable[[EngineName], hub.Module]:
    """The module on an engine, made once."""
    return cache(lambda engine: hub.Module(spec, engine=engine))


@pytest.mark.parametrize("engine", ["openvino", "torch"])
@pytest.mark.parametrize("size", GOLDEN_SIZES)
def test_answers_as_the_original(
    module_on: Callable[[EngineName], hub.Module], engine: EngineName, size: str
) -> None:
    answer = golden_answer(size)
    images = images_from_seed(tuple(int(n) for n in answer["shape"]), int(answer["seed"]))
    module = module_on(engine)
    assert distance(module(images), answer["logits"]) < RELATIVE_TOLERANCE
    assert (
        distance(module(images, signature="image_feature_vector"), answer["feature_vector"])
        < RELATIVE_TOLERANCE
    )
    outputs = module(images, signature="image_classification", as_dict=True)
    assert len(outputs) == 19
    check_endpoints(outputs, answer)


@pytest.mark.parametrize("variant", ["default", "0.997"])
def test_one_training_step_as_the_original(spec: ModuleSpec, variant: str, device: str = "cpu") -> None:
    flat = golden_answers()
    shape, seed = tuple(int(n) for n in flat["train/shape"]), int(flat["train/seed"])
    answer = {k.split("/", 2)[2]: v for k, v in flat.items() if k.startswith(f"train/{variant}/")}
    module = hub.Module(spec, trainable=True, tags={"train"}, device=device)
    images = torch.from_numpy(images_from_seed(shape, seed)).to(device)
    if variant == "default":
        features = module(images, signature="image_feature_vector")
    else:
        features = module(
            dict(images=images, batch_norm_momentum=0.997), signature="image_feature_vector_with_bn_hparams"
        )
    w = torch.from_numpy(np.random.RandomState(5).normal(size=(256,)).astype(np.float32)).to(device)
    loss = (features * w).sum(1).mean()
    loss.backward()
    assert distance(features.detach().cpu().numpy(), answer["feature_vector"]) < 1e-4
    assert float(loss.detach()) == pytest.approx(float(answer["loss"]), rel=1e-4)
    regularization = float(torch.stack(module.regularization_losses).sum().detach())
    assert regularization == pytest.approx(float(answer["regularization_loss"]), rel=1e-4)
    assert len(module.trainable_variables) == int(answer["n_trainable"]) == 141
    moving = {name: value for name, value in module.variable_map.items() if "moving" in name}
    assert len(moving) == int(answer["n_update_ops"]) == 136
    for name, value in moving.items():
        assert distance(value.cpu().numpy(), answer[f"after/{name}"]) < 1e-4, name
    errors = []
    for name, value in module.variable_map.items():
        if f"grad_norm/{name}" in answer:
            reference = float(answer[f"grad_norm/{name}"])
            found = float(value.grad.norm()) if value.grad is not None else 0.0
            errors.append(abs(found - reference) / reference if reference else found)
    assert len(errors) >= 139
    assert max(errors) < 1e-2
    assert np.median(errors) < 1e-3


def test_both_archives_hold_the_same_module(tmp_path: Path) -> None:
    first, second = (hub.load_module_spec(GOLDEN / name).bundle for name in ARCHIVES.values())
    assert all(
        np.array_equal(first.weights[name], second.weights[name]) for name in first.architecture.variables
    )
    assert first.image_size == second.image_size == (224, 224)
    assert first.labels.names == second.labels.names
    assert (first.labels[0], first.labels[1], first.labels[1000]) == ("background", "tench", "toilet tissue")
