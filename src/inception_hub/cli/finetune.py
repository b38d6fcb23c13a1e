"""`finetune`: photos with their classes and a module in, a module for these classes out."""

from typing import Annotated

import typer

from ..training.choices import BatchNorm, Phases, Resize, Select
from .console import ModuleOption, TrainingDeviceOption, choose, resolve_handle
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

PhasesOption = Annotated[
    Phases,
    typer.Option(
        "--phases",
        help="both: a new head on frozen features, then the whole network; head: only the first; "
        "full: only the second.",
    ),
]
EpochsOption = Annotated[
    int | None,
    typer.Option("--epochs", min=1, help="Of the whole network. [default: 50,000 photos' worth, 4 to 30]"),
]
LearningRateOption = Annotated[
    float, typer.Option("--learning-rate", min=0, help="Of the whole network, the highest.")
]
BatchSizeOption = Annotated[
    int | None, typer.Option("--batch-size", min=2, help="[default: 32 to 128, by the number of photos]")
]
ImageSizeOption = Annotated[
    int | None,
    typer.Option("--image-size", min=32, help="px, square, to answer at. [default: 5/4 of --training-size]"),
]
TrainingSizeOption = Annotated[
    int | None,
    typer.Option(
        "--training-size",
        min=32,
        help="px, square, to learn at. [default: --image-size, else the module's]",
    ),
]
FinetuneResizeOption = Annotated[
    Resize | None,
    typer.Option(
        "--resize",
        help="How photos become that size, in training too; auto: the best on validation. "
        "[default: the module's]",
    ),
]
BatchNormOption = Annotated[
    BatchNorm,
    typer.Option(
        "--batch-norm",
        help="update: normalise by the batch and move the statistics; frozen: by the module's, unmoved.",
    ),
]
BatchNormMomentumOption = Annotated[
    float,
    typer.Option("--batch-norm-momentum", min=0, max=1, help="Share of the old statistics that stays."),
]
LabelSmoothingOption = Annotated[float, typer.Option("--label-smoothing", min=0, max=0.9)]
AverageOption = Annotated[
    float, typer.Option("--average", min=0, max=0.99999, help="Decay of the moving average of weights.")
]
PatienceOption = Annotated[
    int,
    typer.Option(
        "--patience",
        min=0,
        help="Stop after so many epochs without a better one, not counting the first half; 0: never.",
    ),
]
SelectOption = Annotated[
    Select,
    typer.Option("--select", help="Keep what has the lowest validation loss, or the highest top-1 there."),
]
ClassWeightsOption = Annotated[
    bool, typer.Option("--class-weights", help="Let photos of rare classes count more.")
]


def finetune(
    data: DataArgument,
    output: OutputOption,
    module: ModuleOption = None,
    validation: ValidationOption = None,
    exclude: ExcludeOption = None,
    phases: PhasesOption = "both",
    epochs: EpochsOption = None,
    learning_rate: LearningRateOption = 5e-4,
    batch_size: BatchSizeOption = None,
    image_size: ImageSizeOption = None,
    training_size: TrainingSizeOption = None,
    resize: FinetuneResizeOption = None,
    batch_norm: BatchNormOption = "update",
    batch_norm_momentum: BatchNormMomentumOption = 0.99,
    label_smoothing: LabelSmoothingOption = 0.1,
    average: AverageOption = 0.99,
    patience: PatienceOption = 5,
    select: SelectOption = "loss",
    class_weights: ClassWeightsOption = False,
    teacher: TeacherOption = None,
    teacher_share: TeacherShareOption = None,
    temperature: TemperatureOption = None,
    precision: TrainingPrecisionOption = None,
    device: TrainingDeviceOption = "cpu",
    seed: SeedOption = 0,
    log_with: LogWithOption = None,
) -> None:
    """Teach a module new classes from photos. Interrupted and run again, it continues where it was."""
    from ..module_spec import load_module_spec
    from ..training.functions import finetune as run

    base, teachers = load_module_spec(resolve_handle(choose(module))), resolved(teacher)
    with interruptible_run() as listener:
        made = run(
            data, output, base, validation=validation, exclude=exclude, phases=phases, epochs=epochs,
            learning_rate=learning_rate, batch_size=batch_size, image_size=image_size,
            training_size=training_size, resize=resize, batch_norm=batch_norm,
            batch_norm_momentum=batch_norm_momentum, label_smoothing=label_smoothing, average=average,
            patience=patience, select=select, class_weights=class_weights, teacher=teachers,
            teacher_share=teacher_share, temperature=temperature, precision=precision, device=device,
            seed=seed, log_with=log_with or (), listener=listener,
        )  # fmt: skip
    print_module(output, made)
