"""`train`: photos with their classes and a recipe in, a module trained from scratch out."""

from typing import Annotated

import typer

from .console import DeviceOption
from .training_options import (
    DataArgument,
    OutputOption,
    SeedOption,
    TeacherOption,
    TeacherShareOption,
    TemperatureOption,
    TrainingPrecisionOption,
    ValidationOption,
    distillation,
    extra_imported,
    interruptible_run,
    print_module,
)

RecipeArgument = Annotated[
    str,
    typer.Argument(
        metavar="RECIPE",
        help="A recipe's name: tiny-imagenet, tiny-imagenet-cpu, imagenet or slim; or a TOML file of "
        "your own, as docs/recipes.md shows.",
    ),
]
SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        help="Change one value of the recipe, such as label_smoothing=0.05, cycles.0.learning_rate=0.002 "
        "or, for every phase, augmentation.mixup=0.2; may be given again.",
    ),
]


def train(
    recipe: RecipeArgument,
    data: DataArgument,
    output: OutputOption,
    settings: SetOption = None,
    validation: ValidationOption = None,
    teacher: TeacherOption = None,
    teacher_share: TeacherShareOption = None,
    temperature: TemperatureOption = None,
    precision: TrainingPrecisionOption = "bf16",
    device: DeviceOption = "cpu",
    seed: SeedOption = 0,
) -> None:
    """Train a module from scratch by a recipe. Interrupted and run again, it continues where it was."""
    with extra_imported():
        from ..training.from_scratch import train_from_scratch
        from ..training.recipe_file import open_recipe

    with interruptible_run() as listener:
        evaluations = train_from_scratch(
            open_recipe(recipe, settings or ()),
            data,
            output,
            validation=validation,
            seed=seed,
            bfloat16=precision == "bf16",
            device=device,
            distillation=distillation(teacher, teacher_share, temperature),
            listener=listener,
        )
    print_module(output, evaluations)
