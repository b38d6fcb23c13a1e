"""The recipes, their ranges, and the schedule of the weight decay."""

import math
from collections.abc import Callable
from dataclasses import replace

import pytest

from inception_hub.errors import ArgumentError
from inception_hub.training.augmentation import Augmentation
from inception_hub.training.recipes import (
    RECIPES,
    AdamW,
    Cycle,
    Muon,
    Phase,
    Recipe,
    RMSProp,
    find_recipe,
    weight_decay_at,
)

TINY = RECIPES["tiny-imagenet"]


def test_recipes_are_found_by_name() -> None:
    assert list(RECIPES) == ["tiny-imagenet", "tiny-imagenet-cpu", "imagenet", "slim"]
    assert all(find_recipe(name).name == name for name in RECIPES)
    with pytest.raises(
        ArgumentError, match="no recipe 'fancy'; give tiny-imagenet, .*, or the path of a TOML"
    ):
        find_recipe("fancy")


def test_the_bundled_modules_recipe_is_weak_in_the_last_eighth() -> None:
    phases = [phase for _, phase in TINY.epochs]
    assert [(p.size, p.augmentation.mixes) for p in phases] == (
        [(64, True)] * 44 + [(96, True)] * 30 + [(128, True)] * 5 + [(128, False)] * 11
    )
    assert round(0.12 * len(phases)) == 11
    strong, weak = phases[0].augmentation, phases[-1].augmentation
    assert (strong.rotation, strong.shear, strong.cutmix, strong.min_area) == (15, 0.15, 0.5, 0.25)
    assert (weak.rotation, weak.shear, weak.cutmix, weak.min_area) == (0, 0, 0, 0.35)
    for how in (strong, weak):
        assert (how.sharpness, how.sharpened, how.colour, how.mirror) == (2, 0.4, 0.3, 0.5)
    assert (TINY.pixels, TINY.image_size, TINY.batch_size) == (64, 128, 1024)


def test_the_recipe_for_cpus_has_two_cycles() -> None:
    recipe = find_recipe("tiny-imagenet-cpu")
    assert [[phase.size for phase in cycle.phases] for cycle in recipe.cycles] == [[32, 48, 64], [64, 96, 96]]
    assert (len(recipe.epochs), recipe.pixels) == (26, 64)


def test_slims_recipe_has_slims_momentum() -> None:
    assert find_recipe("slim").batch_norm_momentum == 0.9997


def test_weight_decay_moves_by_half_a_cosine_over_all_cycles() -> None:
    cycle = Cycle((Phase(3, 32), Phase(1, 64)), 1e-3)
    recipe = replace(TINY, cycles=(cycle, cycle), optimiser=AdamW(0.02), weight_decay_end=0.1)
    decays = [weight_decay_at(recipe, epoch) for epoch in (0, 2, 4, 6.5, 8)]
    expected = [0.1 - 0.04 * (1 + math.cos(math.pi * epoch / 8)) for epoch in (0, 2, 4, 6.5, 8)]
    assert decays == pytest.approx(expected)
    assert decays[0] == pytest.approx(0.02) and decays[2] == pytest.approx(0.06)
    assert weight_decay_at(replace(recipe, weight_decay_end=None), 5) == 0.02
    assert weight_decay_at(RECIPES["slim"], 5) == 0.0


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: Phase(0, 32), "epochs is 0; give a number from 1 to 100000."),
        (lambda: Phase(1, 31), "size is 31; give a number from 32 to 4096."),
        (lambda: Cycle((), 0.1), "phases is empty; give at least one."),
        (lambda: Cycle((Phase(1, 32),), math.nan), "learning_rate is nan; give a number from 0 to 1e+30."),
        (lambda: Cycle((Phase(1, 32),), 1, 1.5), "warmup is 1.5; give a number from 0 to 1."),
        (lambda: Muon(-1, 0), "head_learning_rate is -1; give a number from 0 to 100."),
        (lambda: AdamW(2), "weight_decay is 2; give a number from 0 to 1."),
        (lambda: RMSProp(0.9, 0.9, 0), "epsilon is 0; give a number from 1e-12 to 100."),
        (lambda: replace(TINY, cycles=()), "cycles is empty; give at least one."),
        (lambda: replace(TINY, batch_size=1), "batch_size is 1; give a number from 2 to 1e+06."),
        (lambda: replace(TINY, label_smoothing=1), "label_smoothing is 1; give a number from 0 to 0.9."),
        (lambda: replace(TINY, average=-0.1), "average is -0.1; give a number from 0 to 1."),
        (lambda: replace(TINY, patience=0), "patience is 0; give a number from 1 to 100000."),
        (lambda: replace(TINY, weight_decay_end=9), "weight_decay_end is 9; give a number from 0 to 1."),
        (
            lambda: replace(RECIPES["slim"], weight_decay_end=0.1),
            "weight_decay_end is 0.1, but RMSProp's weight decay is a fixed part of the loss; leave it out, "
            "or take Muon or AdamW.",
        ),
    ],
)
def test_values_out_of_range_are_refused(make: Callable[[], object], message: str) -> None:
    with pytest.raises(ArgumentError) as raised:
        make()
    assert str(raised.value) == message


def test_the_ends_of_a_range_are_in_it() -> None:
    assert Recipe("r", (Cycle((Phase(1, 32),), 0.0, 0.0),), AdamW(0), 2, 32, average=1.0).pixels == 32
    assert Phase(1, 32).augmentation == Augmentation()
