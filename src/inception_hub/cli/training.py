"""`finetune`, `train` and `evaluate`: photos with their classes in, a module, figures and a report out."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import ArgumentError, MissingExtraError, OutputError
from .console import (
    DeviceOption,
    EngineOption,
    ModuleOption,
    PrecisionOption,
    ResizeOption,
    choose,
    load,
    resolve_handle,
    say,
)

if TYPE_CHECKING:
    from ..evaluation import Evaluation
    from ..training.teacher import Distillation


class Phases(StrEnum):
    """What `finetune` trains."""

    both = "both"
    head = "head"
    full = "full"


class BatchNorm(StrEnum):
    """What becomes of batch norm's moving statistics."""

    update = "update"
    frozen = "frozen"


class Mixed(StrEnum):
    """Arithmetic of training; weights are float32 throughout."""

    f32 = "f32"
    bf16 = "bf16"


DATA = (
    "A folder with a folder of photos per class, a folder of Parquet or WebDataset files, "
    "a CSV of path and label, or a Hugging Face data set's name."
)
Data = Annotated[str, typer.Argument(metavar="DATA", help=DATA)]
OutputOption = Annotated[
    Path, typer.Option("--output", metavar="DIR", help="The module directory to write; must not exist.")
]
ValidationOption = Annotated[
    str | None,
    typer.Option(
        "--validation", metavar="DATA", help="Validation photos. [default: DATA's own, else a tenth of DATA]"
    ),
]
SeedOption = Annotated[int, typer.Option("--seed", help="Of all that is drawn at random.")]
TrainingPrecision = Annotated[
    Mixed,
    typer.Option("--precision", help="bf16 is mixed precision: faster where the CPU has it."),
]
TeacherOption = Annotated[
    list[str] | None,
    typer.Option(
        "--teacher",
        metavar="MODULE",
        help="Also learn from this module's probabilities; given again, from the mean of several.",
    ),
]
TeacherShareOption = Annotated[
    float | None,
    typer.Option("--teacher-share", min=0, max=1, help="The teachers' share of the loss. [default: 0.5]"),
]
TemperatureOption = Annotated[
    float | None,
    typer.Option("--temperature", help="Divides the logits in the teachers' share; above 0. [default: 2]"),
]


def finetune(
    data: Data,
    output: OutputOption,
    module: ModuleOption = None,
    validation: ValidationOption = None,
    phases: Annotated[
        Phases,
        typer.Option(
            "--phases",
            help="both: a new head on frozen features, then the whole network; head: only the first; "
            "full: only the second.",
        ),
    ] = Phases.both,
    epochs: Annotated[
        int | None,
        typer.Option(
            "--epochs", min=1, help="Of the whole network. [default: 50,000 photos' worth, 4 to 30]"
        ),
    ] = None,
    learning_rate: Annotated[
        float, typer.Option("--learning-rate", min=0, help="Of the whole network, the highest.")
    ] = 5e-4,
    batch_size: Annotated[
        int | None, typer.Option("--batch-size", min=2, help="[default: 32 to 128, by the number of photos]")
    ] = None,
    image_size: Annotated[
        int | None,
        typer.Option(
            "--image-size", min=32, help="px, square, to answer at. [default: 5/4 of --training-size]"
        ),
    ] = None,
    training_size: Annotated[
        int | None,
        typer.Option(
            "--training-size",
            min=32,
            help="px, square, to learn at. [default: --image-size, else the module's]",
        ),
    ] = None,
    batch_norm: Annotated[
        BatchNorm,
        typer.Option(
            "--batch-norm",
            help="update: normalise by the batch and move the statistics; frozen: by the module's, unmoved.",
        ),
    ] = BatchNorm.update,
    batch_norm_momentum: Annotated[
        float,
        typer.Option("--batch-norm-momentum", min=0, max=1, help="Share of the old statistics that stays."),
    ] = 0.99,
    label_smoothing: Annotated[float, typer.Option("--label-smoothing", min=0, max=0.9)] = 0.1,
    average: Annotated[
        float, typer.Option("--average", min=0, max=0.99999, help="Decay of the moving average of weights.")
    ] = 0.99,
    patience: Annotated[
        int, typer.Option("--patience", min=0, help="Epochs without a better validation loss; 0: never stop.")
    ] = 5,
    class_weights: Annotated[
        bool, typer.Option("--class-weights", help="Let photos of rare classes count more.")
    ] = False,
    teacher: TeacherOption = None,
    teacher_share: TeacherShareOption = None,
    temperature: TemperatureOption = None,
    precision: TrainingPrecision = Mixed.bf16,
    device: DeviceOption = "cpu",
    seed: SeedOption = 0,
) -> None:
    """Teach a module new classes from photos; interrupted and run again, it goes on where it was."""
    with _extra():
        from ..training.finetune import Options
        from ..training.finetune import finetune as run
    from ..module_spec import load_module_spec
    from .watch import terminal

    options = Options(
        phases=phases.value,
        epochs=epochs,
        learning_rate=learning_rate,
        batch_size=batch_size,
        image_size=image_size,
        training_size=training_size,
        batch_norm=batch_norm.value,
        batch_norm_momentum=batch_norm_momentum,
        label_smoothing=label_smoothing,
        average=average,
        patience=patience,
        class_weights=class_weights,
        bfloat16=precision is Mixed.bf16,
        device=device,
        distillation=_distillation(teacher, teacher_share, temperature),
    )
    base = load_module_spec(resolve_handle(choose(module)))
    say(f"Fine-tuning {base.bundle.name}.")
    with _resumable(), terminal() as watch:
        found = run(data, output, base, validation=validation, options=options, seed=seed, watch=watch)
    _tell(output, found)


def train(
    recipe: Annotated[
        str,
        typer.Argument(
            metavar="RECIPE",
            help="A recipe's name: tiny-imagenet, tiny-imagenet-cpu, imagenet or slim; or a TOML file of "
            "your own, as docs/recipes.md shows.",
        ),
    ],
    data: Data,
    output: OutputOption,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            help="Change one value of the recipe, such as label_smoothing=0.05, cycles.0.learning_rate=0.002 "
            "or, for every phase, augmentation.mixup=0.2; may be given again.",
        ),
    ] = None,
    validation: ValidationOption = None,
    teacher: TeacherOption = None,
    teacher_share: TeacherShareOption = None,
    temperature: TemperatureOption = None,
    precision: TrainingPrecision = Mixed.bf16,
    device: DeviceOption = "cpu",
    seed: SeedOption = 0,
) -> None:
    """Train from scratch by a recipe; interrupted and run again, it goes on where it was."""
    with _extra():
        from ..training.recipe_file import open_recipe
        from ..training.run import train_from_scratch
    from .watch import terminal

    with _resumable(), terminal() as watch:
        found = train_from_scratch(
            open_recipe(recipe, settings or ()),
            data,
            output,
            validation=validation,
            seed=seed,
            bfloat16=precision is Mixed.bf16,
            device=device,
            distillation=_distillation(teacher, teacher_share, temperature),
            watch=watch,
        )
    _tell(output, found)


def evaluate(
    module: Annotated[str, typer.Argument(metavar="MODULE", help="Anything --module takes.")],
    data: Data,
    split: Annotated[
        str | None, typer.Option("--split", help="[default: test, else validation, else all]")
    ] = None,
    against: Annotated[
        str | None,
        typer.Option("--against", metavar="MODULE", help="Compare with this one, photo by photo."),
    ] = None,
    report: Annotated[
        Path | None, typer.Option("--report", metavar="PAGE", help="Also write a self-contained HTML page.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Machine-readable, on standard output.")] = False,
    resize: ResizeOption = None,
    engine: EngineOption = None,
    device: DeviceOption = "cpu",
    precision: PrecisionOption = "f32",
) -> None:
    """Measure a module on labelled photos: accuracy, calibration, confusions, the worst mistakes."""
    if report is not None and report.exists():
        raise OutputError(
            f"{report} already exists and is left as it is; give another name or remove it first."
        )
    with _extra():
        from ..data import open_dataset
    from ..evaluation import compare
    from ..evaluation.measurement import evaluate as measure
    from ..evaluation.measurement import pick_split
    from .watch import terminal

    dataset = open_dataset(data)
    name, photos = pick_split(dataset, split)
    broken: list[str] = []
    found: list[Evaluation] = []
    with terminal() as watch:
        for handle in (module, against) if against else (module,):
            found.append(
                measure(
                    load(handle, engine, precision, device),
                    photos,
                    dataset.labels,
                    f"{dataset.name} {name}",
                    preset=resize,
                    on_error=broken.append if not found else lambda message: None,
                    on_progress=lambda done, total: watch.progress("measuring", done, total),
                )
            )
    comparison = compare(found[0], found[1]) if against else None
    if report is not None:
        from ..evaluation import without_plots
        from ..evaluation.measurement import page

        if no_plots := without_plots():
            say(no_plots)
        report.write_text(page(found, comparison, photos, dataset.counts(), broken), "utf-8")
        say(f"Report: {report}")
    if json:
        import json as json_library

        facts: Any = found[0].summary()
        if comparison is not None:
            from dataclasses import asdict

            facts = {"modules": [e.summary() for e in found], "comparison": asdict(comparison)}
        print(json_library.dumps(facts, indent=2, ensure_ascii=False))
    else:
        for evaluation in found:
            print(_line(evaluation))
        if comparison is not None:
            print(
                f"{found[1].module} minus {found[0].module}: top-1 {comparison.difference:+.2%}, "
                f"95% interval {comparison.low:+.2%} to {comparison.high:+.2%}"
            )
    if broken:
        say(f"{len(broken)} of {len(photos)} photos could not be read:")
        for message in broken:
            say(f"  {message}")
        raise typer.Exit(1)


def _distillation(
    teachers: list[str] | None, share: float | None, temperature: float | None
) -> "Distillation | None":
    from ..training.teacher import Distillation

    given = {"share": share, "temperature": temperature}
    numbers = {name: value for name, value in given.items() if value is not None}
    if teachers:
        return Distillation(tuple(str(resolve_handle(handle)) for handle in teachers), **numbers)
    if numbers:
        raise ArgumentError("--teacher-share and --temperature are for --teacher MODULE; give it with them.")
    return None


def _line(evaluation: "Evaluation") -> str:
    return (
        f"{evaluation.module}: top-1 {evaluation.top1:.2%}, top-5 {evaluation.top5:.2%}, "
        f"ECE {evaluation.ece:.3f} on {len(evaluation.classes):,} photos of {evaluation.data}"
    )


def _tell(output: Path, found: "list[Evaluation]") -> None:
    for evaluation in found:
        print(_line(evaluation))
    if found:  # processes beside the main one have nothing to tell
        print(f"Module: {output}")
        print(f"Report: {output / 'report.html'}")


@contextmanager
def _resumable() -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        say("Interrupted; the same command goes on from the last save.")
        raise


@contextmanager
def _extra() -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        if isinstance(error, MissingExtraError):
            raise
        raise MissingExtraError(
            f"This needs {error.name}, which is not installed: pip install 'inception-hub[train]'."
        ) from error
