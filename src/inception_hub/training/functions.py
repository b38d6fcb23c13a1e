"""`finetune` and `train` as functions; PyTorch is imported when they are called."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import get_args

from ..errors import ArgumentError
from ..evaluation import Evaluation
from ..images.given import as_many
from ..module import ModuleLike, as_spec
from ..system.extras import missing
from .choices import BatchNorm, Phases, Select, TrainingPrecision
from .distillation import Distillation
from .finetune_options import FinetuneOptions
from .listener import RunListener
from .recipe_file import open_recipe

Given = str | os.PathLike[str]
Teachers = Given | Iterable[Given] | None


def finetune(
    data: Given, output: Given, module: ModuleLike | None = None, *,
    validation: Given | None = None, phases: Phases = "both", epochs: int | None = None,
    learning_rate: float = 5e-4, batch_size: int | None = None, image_size: int | None = None,
    training_size: int | None = None, batch_norm: BatchNorm = "update", batch_norm_momentum: float = 0.99,
    label_smoothing: float = 0.1, average: float = 0.99, patience: int = 5, select: Select = "loss",
    class_weights: bool = False, teacher: Teachers = None, teacher_share: float | None = None,
    temperature: float | None = None, precision: TrainingPrecision = "bf16", device: str | None = None,
    seed: int = 0, listener: RunListener | None = None,
) -> list[Evaluation]:  # fmt: skip
    """Teaches `module` the classes of the photos of `data` into the module directory `output`.

    `data`, `validation`: as `open_dataset` takes them. `module`: as of `classify`. `phases`: `both`, a new
    head on frozen features, then the whole network; `head` or `full`: one of them. `epochs`, `learning_rate`
    (the highest), `batch_size`: of the whole network. `image_size`, `training_size`: px, square, of inference
    and of training. `batch_norm`: `update` the statistics or leave them `frozen`. `batch_norm_momentum`:
    share of the old ones that stays, in [0, 1]. `average`: decay of the moving average of weights.
    `patience`: epochs without a better one before the end; 0 trains all and keeps the last. `select`: keep
    the lowest validation `loss`, or the highest `accuracy`. `class_weights`: photos of rare classes count
    more. `teacher`: modules to learn from, too, with `teacher_share` (0.5) of the loss, in [0, 1], at
    `temperature` (2). `precision`: `bf16` is mixed precision. `device`: None is the CPU. None
    elsewhere is chosen from the number of photos or the module. `listener` receives progress.

    An interrupted run is resumed by the same call. Returns the evaluations of the written module on the test
    photos, if there are any, and on the validation photos.

    Raises `MissingExtraError` without PyTorch, `OutputError` if `output` exists, `HandleError` or
    `FormatError` for data that cannot be read or has fewer than two classes, `ArgumentError` for a value
    outside its range, `TrainingError` if the loss is no longer a number.
    """
    _check(precision)
    with _pytorch():
        from .finetune import finetune as run
    options = FinetuneOptions(
        phases=phases, epochs=epochs, learning_rate=learning_rate, batch_size=batch_size,
        image_size=image_size, training_size=training_size, batch_norm=batch_norm,
        batch_norm_momentum=batch_norm_momentum, label_smoothing=label_smoothing, average=average,
        patience=patience, select=select, class_weights=class_weights, bfloat16=precision == "bf16",
        device=device, distillation=_distillation(teacher, teacher_share, temperature),
    )  # fmt: skip
    return run(
        os.fspath(data), Path(output), as_spec(module),
        validation=_text(validation), options=options, seed=seed, listener=listener,
    )  # fmt: skip


def train(
    recipe: Given, data: Given, output: Given, *,
    settings: str | Iterable[str] = (), validation: Given | None = None,
    teacher: Teachers = None, teacher_share: float | None = None, temperature: float | None = None,
    precision: TrainingPrecision = "bf16", device: str | None = None, seed: int = 0,
    listener: RunListener | None = None,
) -> list[Evaluation]:  # fmt: skip
    """Trains the network from scratch by `recipe` on the photos of `data` into the module directory `output`.

    `recipe`: a name, such as `tiny-imagenet`, or the path of a TOML file. `settings`: changes of it, such as
    "label_smoothing=0.05"; see `open_recipe`. The other arguments, what is returned and raised: as of
    `finetune`.
    """
    _check(precision)
    with _pytorch():
        from .from_scratch import train_from_scratch
    return train_from_scratch(
        open_recipe(os.fspath(recipe), list(as_many(settings))), os.fspath(data), Path(output),
        validation=_text(validation), seed=seed, bfloat16=precision == "bf16", device=device,
        distillation=_distillation(teacher, teacher_share, temperature), listener=listener,
    )  # fmt: skip


def _check(precision: TrainingPrecision) -> None:
    choices = get_args(TrainingPrecision)
    if precision not in choices:
        raise ArgumentError(f"precision is {precision!r}; give one of {', '.join(choices)}.")


@contextmanager
def _pytorch() -> Iterator[None]:
    """Raises `MissingExtraError` where an import in the block fails."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise missing(f"Training needs {error.name}", "train") from error


def _distillation(teacher: Teachers, share: float | None, temperature: float | None) -> Distillation | None:
    given = {"share": share, "temperature": temperature}
    numbers = {name: value for name, value in given.items() if value is not None}
    teachers = () if teacher is None else tuple(map(os.fspath, as_many(teacher)))
    if teachers:
        return Distillation(teachers, **numbers)
    if numbers:
        raise ArgumentError(
            f"{' and '.join(numbers)} are of teachers, and there is none; give --teacher MODULE (teacher=)."
        )
    return None


def _text(path: Given | None) -> str | None:
    return None if path is None else os.fspath(path)
