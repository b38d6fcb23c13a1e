"""Recipes from TOML files and settings: the recipes they make, and the message of each mistake."""

import re
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import pytest
from helpers.command import run
from helpers.places import DOCS

from inception_hub.errors import ArgumentError, FormatError
from inception_hub.training.augmentation import Augmentation
from inception_hub.training.recipe_file import open_recipe
from inception_hub.training.recipes import RECIPES, AdamW, Cycle, Muon, Phase, Recipe, RMSProp

PAGE = (DOCS / "recipes.md").read_text("utf-8")
OWN = """
batch_size = 64
image_size = 96

[optimiser]
name = "adamw"
weight_decay = 0.05

[augmentation]
colour = 0.2

[[cycles]]
learning_rate = 0.001

[[cycles.phases]]
epochs = 4
size = 64

[[cycles.phases]]
epochs = 2
size = 96
augmentation = { colour = 0.0, mixup = 0.1 }
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "my recipe.toml"


def written(value: Any) -> str:
    """A value as TOML, tables in one line."""
    if isinstance(value, dict):
        inner = (f"{key} = {written(item)}" for key, item in value.items() if item is not None)
        return "{" + ", ".join(inner) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(written(item) for item in value) + "]"
    return str(value).lower() if isinstance(value, bool) else repr(value).replace("'", '"')


def as_toml(recipe: Recipe) -> str:
    tree = asdict(recipe)
    tree["optimiser"]["name"] = type(recipe.optimiser).__name__.lower()
    return "\n".join(f"{key} = {written(value)}" for key, value in tree.items() if value is not None)


def phases(recipe: Recipe) -> list[Phase]:
    return [phase for cycle in recipe.cycles for phase in cycle.phases]


def test_the_docs_show_recipes_and_name_every_key(file: Path) -> None:
    blocks = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    for block in blocks:
        file.write_text(block, "utf-8")
        open_recipe(str(file))
    assert len(blocks) == 2
    for kind in (Recipe, Cycle, Phase, Augmentation, Muon, AdamW, RMSProp):
        for field in fields(kind):
            assert f"`{field.name}`" in PAGE, field.name


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=list(RECIPES))
def test_every_recipe_can_be_written_as_a_file(file: Path, recipe: Recipe) -> None:
    file.write_text(as_toml(recipe), "utf-8")
    assert open_recipe(str(file)) == recipe


def test_a_file_is_a_recipe(file: Path) -> None:
    file.write_text(OWN, "utf-8")
    assert open_recipe(str(file)) == Recipe(
        name="my recipe",
        cycles=(
            Cycle(
                (
                    Phase(4, 64, Augmentation(colour=0.2)),
                    Phase(2, 96, Augmentation(colour=0.0, mixup=0.1)),
                ),
                1e-3,
            ),
        ),
        optimiser=AdamW(0.05),
        batch_size=64,
        image_size=96,
    )


def test_a_file_may_change_some_of_a_recipe(file: Path) -> None:
    base = RECIPES["tiny-imagenet"]
    file.write_text(
        'base = "tiny-imagenet"\naverage = "none"\n'
        "[optimiser]\nweight_decay = 0.1\n[augmentation]\nmixup = 0.2\n",
        "utf-8",
    )
    recipe = open_recipe(str(file))
    assert recipe.name == "my recipe" and recipe.average is None
    assert recipe.optimiser == Muon(head_learning_rate=0.65, weight_decay=0.1)
    assert [p.augmentation for p in phases(recipe)] == [
        replace(p.augmentation, mixup=0.2) for p in phases(base)
    ]
    kept = replace(recipe, name=base.name, average=0.998, optimiser=base.optimiser, cycles=base.cycles)
    assert kept == base


def test_cycles_of_a_file_replace_the_recipes(file: Path) -> None:
    cycles = "[[cycles]]\nlearning_rate = 0.1\nphases = [{ epochs = 1, size = 32 }]"
    file.write_text(f'base = "imagenet"\n{cycles}', "utf-8")
    assert open_recipe(str(file)).cycles == (Cycle((Phase(1, 32, Augmentation()),), 0.1),)


def test_settings_change_single_values() -> None:
    base = RECIPES["tiny-imagenet-cpu"]
    settings = [
        "label_smoothing=0.05",
        "cycles.1.learning_rate=2e-3",
        "cycles.0.phases.2.size=96",
        "cycles.0.phases.2.augmentation.colour=0.5",
        "stored_size=none",
        "dtype=float32",
        "dropout=false",
    ]
    recipe = open_recipe("tiny-imagenet-cpu", settings)
    assert recipe.name == "tiny-imagenet-cpu with " + ", ".join(settings)
    assert (recipe.label_smoothing, recipe.stored_size, recipe.dtype, recipe.dropout) == (
        0.05, None, "float32", False,
    )  # fmt: skip
    assert recipe.cycles[1].learning_rate == 0.002
    assert recipe.cycles[0].phases[2] == Phase(
        4, 96, replace(base.cycles[0].phases[2].augmentation, colour=0.5)
    )
    assert recipe.cycles[0].phases[:2] == base.cycles[0].phases[:2]
    assert open_recipe("slim") is RECIPES["slim"], "nothing was set"
    assert open_recipe("slim", ["name=mine"]).name == "mine"


def test_a_setting_of_augmentation_holds_for_every_phase() -> None:
    changed = phases(open_recipe("tiny-imagenet", ["augmentation.mixup=0.2", "augmentation.cutmix=0.3"]))
    assert [(p.augmentation.mixup, p.augmentation.cutmix) for p in changed] == [(0.2, 0.3)] * 4
    assert [p.augmentation.rotation for p in changed] == [15, 15, 15, 0]


def test_another_optimiser_keeps_what_both_have(file: Path) -> None:
    assert open_recipe("tiny-imagenet", ["optimiser.name=adamw"]).optimiser == AdamW(0.05)
    file.write_text('base = "imagenet"\n[optimiser]\nname = "adamw"', "utf-8")
    assert open_recipe(str(file)).optimiser == AdamW(0.05)
    settings = ["name=rmsprop", "decay=0.9", "momentum=0.9", "epsilon=1"]
    recipe = open_recipe("imagenet", [f"optimiser.{setting}" for setting in settings])
    assert recipe.optimiser == RMSProp(0.9, 0.9, 1.0)


@pytest.mark.parametrize(
    "content, message",
    [
        (OWN + "blur = 1\n", "cycles.0.phases.1.blur is unknown; give any of epochs, size, augmentation."),
        ("colour = 1\n" + OWN, "colour is unknown; give any of name, cycles, optimiser, batch_size,"),
        (OWN.replace("= 0.1", '= "much"'), "cycles.0.phases.1.augmentation.mixup is 'much'; give a number"),
        (
            OWN.replace("= 0.1", "= 2"),
            "cycles.0.phases.1.augmentation.mixup is 2.0; give a number from 0 to 1.",
        ),
        (
            OWN.replace("colour = 0.2", "colour = true"),
            "augmentation.colour is True; give a number such as 0.5.",
        ),
        (OWN.replace("colour = 0.2", "hue = 0.2"), "augmentation.hue is unknown; give any of min_area,"),
        (OWN.replace("epochs = 4", ""), "cycles.0.phases.0.epochs is missing; give a whole number."),
        (
            OWN.replace("epochs = 4", "epochs = true"),
            "cycles.0.phases.0.epochs is True; give a whole number.",
        ),
        (OWN.replace("epochs = 4", "epochs = 0"), "cycles.0.phases.0.epochs is 0; give a number from 1 to"),
        (OWN.replace("adamw", "adam"), 'optimiser.name is \'adam\'; give "muon", "adamw" or "rmsprop".'),
        (OWN.replace("batch_size = 64", ""), "batch_size is missing; give a whole number."),
        (OWN.replace("batch_size = 64", "batch_size = nan"), "batch_size is nan; give a whole number."),
        ('base = "huge"', "base is 'huge'; give tiny-imagenet, tiny-imagenet-cpu, imagenet, slim."),
        ("base = 5", "base is 5; give tiny-imagenet,"),
        ("base.a.b = 5", "base is a table; give tiny-imagenet,"),
        ("", "cycles is missing; give a list of tables."),
        ("cycles = 5", "optimiser is missing; give a table whose name is"),
        ('base = "slim"\ncycles = 5', "cycles is 5; give a list of tables."),
        ('base = "slim"\ncycles = [5]', "cycles.0 is 5; give a table."),
        ('base = "slim"\noptimiser = 5', "optimiser is 5; give a table whose name is"),
        ('base = "slim"\naugmentation = 5', "augmentation is 5; give a table."),
        ('base = "slim"\ncycles = [{learning_rate = 1.0, phases = []}]', "cycles.0.phases is empty; give at"),
    ],
)
def test_a_mistake_in_a_file_names_file_and_key(file: Path, content: str, message: str) -> None:
    file.write_text(content, "utf-8")
    with pytest.raises(ArgumentError) as raised:
        open_recipe(str(file))
    assert str(raised.value).startswith(f"{file}: {message}")
    assert len(str(raised.value).splitlines()) == 1


def test_a_key_of_very_many_parts_is_refused_in_a_sentence(file: Path) -> None:
    file.write_text("title" + ".a" * 5_000 + " = 1", "utf-8")
    refused = r"is not TOML in UTF-8 \(line 1 has more than 100 dots\)"
    with pytest.raises((ArgumentError, FormatError), match=refused) as raised:
        open_recipe(str(file))
    assert str(file) in str(raised.value) and len(str(raised.value).splitlines()) == 1


@pytest.mark.parametrize(
    "content, message",
    [
        (b"batch_size = ", r"is not TOML in UTF-8 \(Invalid value \(at .*\)\); docs/recipes.md shows"),
        (b"\xff\xfe", r"is not TOML in UTF-8 \('utf-8' codec can't decode"),
        (b"a = " + b"[" * 60_000, r"is not TOML in UTF-8 \("),
        (b"a = " + b"9" * 5_000, r"is not TOML in UTF-8 \("),
        (b"#" * 65_537, "is larger than 64 KiB; give a TOML file of a recipe alone"),
    ],
)
def test_what_is_no_recipe_file_is_refused(file: Path, content: bytes, message: str) -> None:
    file.write_bytes(content)
    with pytest.raises(FormatError, match=message) as raised:
        open_recipe(str(file))
    assert str(raised.value).startswith(f"The recipe {file} ") and len(str(raised.value).splitlines()) == 1


def test_a_recipe_that_is_not_there_is_refused(tmp_path: Path) -> None:
    for given in (str(tmp_path / "missing.toml"), str(tmp_path), "x" * 5000):
        with pytest.raises(ArgumentError, match="There is no recipe .*; give tiny-imagenet, .* TOML file"):
            open_recipe(given)


@pytest.mark.parametrize(
    "setting, message",
    [
        ("nonsense", "'nonsense' is no setting; give name=value, as in label_smoothing=0.05."),
        ("=5", "'=5' is no setting;"),
        ("colour=1", "colour is unknown; give any of name, cycles,"),
        ("augmentation.blur=1", "augmentation.blur is unknown; give any of min_area,"),
        ("augmentation.mixup=true", "augmentation.mixup is True; give a number such as 0.5."),
        (
            "augmentation.mixup=0.6",
            "cycles.0.phases.0.augmentation.cutmix and mixup are 0.5 and 0.6; a photo",
        ),
        ("cycles=5", "cycles is not one value; name a value in it, as in cycles.0.learning_rate=0.002."),
        ("cycles.0=5", "cycles.0 is not one value; name a value in it"),
        ("cycles.0.phases=[]", "cycles.0.phases is not one value; name a value in it"),
        ("cycles.3.learning_rate=1", "cycles.3 is no table of the recipe; there are 0."),
        ("cycles.0.phases.-1.size=64", "cycles.0.phases.-1 is no table of the recipe; there are 0, 1, 2, 3."),
        ("optimiser.weight_decay.x=1", "optimiser.weight_decay is no table of the recipe; optimiser holds"),
        ("optimiser.name=sgd", 'optimiser.name is \'sgd\'; give "muon", "adamw" or "rmsprop".'),
        ("optimiser.name=rmsprop", "optimiser.decay is missing; give a number such as 0.5."),
        ("patience=0", "patience is 0; give a number from 1 to 100000."),
        ("batch_size=none", "batch_size is 'none'; give a whole number."),
        ("batch_size=64\nx=1", "batch_size is '64\\nx=1'; give a whole number."),
        ("dropout=1", "dropout is 1; give true or false."),
        ("label_smoothing=" + "[" * 9000, "label_smoothing is '["),
    ],
)
def test_a_mistake_in_a_setting_is_named(setting: str, message: str) -> None:
    with pytest.raises(ArgumentError) as raised:
        open_recipe("tiny-imagenet", [setting])
    assert str(raised.value).startswith(f"--set: {message}")
    assert len(str(raised.value).splitlines()) == 1


def test_the_command_refuses_a_mistake_before_it_reads_photos(
    capsys: pytest.CaptureFixture[str], file: Path, tmp_path: Path
) -> None:
    file.write_text(OWN, "utf-8")
    command = ("train", file, tmp_path / "photos", "--output", tmp_path / "module")
    code, out, err = run(capsys, *command, "--set", "dropout=false", "--set", "size=5")
    assert (code, out) == (2, "")
    assert "--set: size is unknown; give any of name, cycles" in err and "Traceback" not in err
    code, out, err = run(capsys, *command, "--set", "dropout=false")
    assert code == 2 and "photos" in err, "the recipe is right, the photos are not there"
