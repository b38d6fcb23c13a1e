"""`train`: photos with their classes and a recipe in, a module trained from scratch out."""

from typing import Annotated

import typer

from .console import TrainingDeviceOption
from .training_options import (
    DataArgument,
    ExcludeOption,
    LogWithOption,
    OutputOption,
    SeedOption,
    TeacherOption,
    TeacherShareOption,
    TemperatureOption,
    TrainingPrecisionOption,
    ValidationOption,
    interruptible_run,
    print_module,
    resolved,
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
    exclude: ExcludeOption = None,
    teacher: TeacherOption = None,
    teacher_share: TeacherShareOption = None,
    temperature: TemperatureOption = None,
    precision: TrainingPrecisionOption = None,
    device: TrainingDeviceOption = "cpu",
    seed: SeedOption = 0,
    log_with: LogWithOption = None,
) -> None:
    """Train a module from scratch by a recipe. Interrupted and run again, it continues where it was."""
    from ..training.functions import train as run

    teachers = resolved(teacher)
    with interruptible_run() as listener:
        evaluations = run(
            recipe, data, output, settings=settings or (), validation=validation, exclude=exclude,
            teacher=teachers, teacher_share=teacher_share, temperature=temperature,
            precision=precision, device=device, seed=seed, log_with=log_with or (),
            listener=listener,
        )  # fmt: skip
    print_module(output, evaluations)
