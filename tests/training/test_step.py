"""A training step on tensors that claim to be on a GPU: nothing waits for the CPU, nothing lies elsewhere."""

import json

import pytest
from helpers import fake_cuda

STEP = """
from dataclasses import replace
from types import SimpleNamespace
from helpers import runs
from inception_hub.training.augmentation import Augmentation
from inception_hub.training.training_data import Photos
from inception_hub.training.optimisers import Optimisers
from inception_hub.training.recipes import Phase, RMSProp
from inception_hub.training.step import Step

torch.optim.AdamW.step = lambda self: None  # its fused kernel wants a real GPU even of tensors without values
ALL = Augmentation(rotation=15, shear=0.1, sharpness=1, colour=0.3, cutmix=0.5, mixup=0.2)

with cuda() as device:
    workers = SimpleNamespace(device=device, all_reduce=None)
    images = torch.zeros(12, 40, 40, 3, dtype=torch.uint8, device=device)
    photos = Photos(images, torch.ones(12), torch.arange(12) % 3)

    def step(recipe, how, resident=True, half=True):
        network = moved(runs.network(), device)
        optimisers = Optimisers(network, recipe)
        run = runs.tiny_run("unused", recipe, photos=photos, bfloat16=half)
        one = Step(network, network, run, workers, optimisers, images if resident else None)
        samples = torch.arange(5 if how.mixes else 4, device=device)
        before = list(network.parameters())
        optimisers.set_rates(1e-3, 0.1)
        one(Phase(1, 32, how), samples, None if resident else images[: len(samples)])
        assert one.losses.device == device and one.losses.dtype == torch.float32
        assert all(value.device == device for value in optimisers.state().values())
        return one
"""
KINDS = {
    "Muon, everything distorted": "step(replace(runs.RECIPE, optimiser=runs.MUON), ALL)",
    "AdamW in float32": "step(runs.RECIPE, ALL, half=False)",
    "RMSProp, photos sent": (
        "step(replace(runs.RECIPE, optimiser=RMSProp(0.9, 0.9, 1.0)), Augmentation(), resident=False)"
    ),
    "frozen statistics": "step(replace(runs.RECIPE, batch_norm='frozen', dropout=False), Augmentation())",
}
READING = "float(last.losses)"
EACH = """
    import json, traceback
    errors = {}
    for call in %r:
        try:
            last = eval(call)
        except Exception:
            errors[call] = traceback.format_exc()
    print(json.dumps(errors))
"""


@pytest.fixture(scope="module")
def errors() -> dict[str, str]:
    """The errors of `KINDS` and of `READING`, by what was called, all in one process."""
    return json.loads(fake_cuda.run(STEP + EACH % [*KINDS.values(), READING]))


@pytest.mark.parametrize("kind", KINDS)
def test_a_step_stays_on_the_device(errors: dict[str, str], kind: str) -> None:
    assert KINDS[kind] not in errors, errors[KINDS[kind]]


def test_a_loss_that_is_read_is_seen(errors: dict[str, str]) -> None:
    """Else the tests above would show nothing."""
    assert "DataDependentOutputException" in errors[READING]
