"""`finetune`, `train`, and modules in one's own PyTorch code: functions that import PyTorch when called."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from .. import signatures
from ..architecture import GLOBAL_POOL
from ..errors import ArgumentError
from ..evaluation import Evaluation
from ..images.given import as_many
from ..images.photo_file import MAX_PIXELS
from ..images.presets import Preset, checked_preset
from ..module import Module, ModuleLike, as_spec
from ..system.extras import missing
from ..system.home import at_home
from ..system.numbers import check_count
from .choices import BatchNorm, Phases, Resize, Select, TrainingPrecision
from .distillation import Distillation
from .finetune_options import FinetuneOptions
from .listener import RunListener
from .recipe_file import open_recipe

if TYPE_CHECKING:
    from .pytorch import ImageNetwork, PhotoTransform

Given = str | os.PathLike[str]
Teachers = Given | Iterable[Given] | None


def finetune(
    data: Given, output: Given, module: ModuleLike | None = None, *,
    validation: Given | None = None, exclude: Given | None = None, phases: Phases = "both",
    epochs: int | None = None, learning_rate: float = 5e-4, batch_size: int | None = None,
    image_size: int | None = None, training_size: int | None = None, resize: Resize | None = None,
    batch_norm: BatchNorm = "update", batch_norm_momentum: float = 0.99, label_smoothing: float = 0.1,
    average: float = 0.99, patience: int = 5, select: Select = "loss", class_weights: bool = False,
    teacher: Teachers = None, teacher_share: float | None = None, temperature: float | None = None,
    precision: TrainingPrecision | None = None, device: str | None = None, seed: int = 0,
    log_with: str | Iterable[str] = (), listener: RunListener | None = None,
) -> list[Evaluation]:  # fmt: skip
    """Teaches `module` the classes of the photos of `data` into the module directory `output`.

    `data`, `validation`: as `open_dataset` takes them. `exclude`: a file of decisions, as `inspect` writes
    it; what it says to exclude is left out. `module`: as of `classify`. `phases`: `both`, a new
    head on frozen features, then the whole network; `head` or `full`: one of them. `epochs`, `learning_rate`
    (the highest), `batch_size`: of the whole network. `image_size`, `training_size`: px, square, of inference
    and of training. `resize`: the preset of the new module, by which it is trained, too; `auto`: that of the
    best head on validation; None: the base's. `batch_norm`: `update` the statistics or leave them `frozen`.
    `batch_norm_momentum`: share of the old ones that stays, in [0, 1]. `average`: decay of the moving average
    of weights. `patience`: epochs of the second half without a better one before the end; 0 trains all and
    keeps the last. `select`: keep the lowest validation `loss`, or the highest `accuracy`. `class_weights`:
    photos of rare classes count more. `teacher`: modules to learn from, too, with `teacher_share` (0.5) of
    the loss, in [0, 1], at `temperature` (2). `precision`: `bf16` is mixed precision, the default where the
    machine has instructions for it; a run that is resumed keeps its own. `device`: None is the CPU. None
    elsewhere is chosen from the number of photos or the module. `log_with`: trackers that receive settings
    and figures, beside TensorBoard: `wandb`, `mlflow`, `trackio`. `listener` receives progress.

    An interrupted run is resumed by the same call. Returns the evaluations of the written module on the test
    photos, if there are any, and on the validation photos.

    Raises `MissingExtraError` without PyTorch or a tracker, `OutputError` if `output` exists or a tracker
    cannot begin a run, `HandleError` or `FormatError` for data that cannot be read or has fewer than two
    classes, `ArgumentError` for a value outside its range, `TrainingError` if the loss is no longer
    finite or the GPU fails.
    """
    with _pytorch():
        from .finetune import finetune as run
    options = FinetuneOptions(
        phases=phases, epochs=epochs, learning_rate=learning_rate, batch_size=batch_size,
        image_size=image_size, training_size=training_size, resize=resize, batch_norm=batch_norm,
        batch_norm_momentum=batch_norm_momentum, label_smoothing=label_smoothing, average=average,
        patience=patience, select=select, class_weights=class_weights, bfloat16=_is_bfloat16(precision),
        device=device, distillation=_distillation(teacher, teacher_share, temperature),
    )  # fmt: skip
    return run(
        at_home(data), Path(at_home(output)), as_spec(module),
        validation=_text(validation), exclude=_path(exclude), options=options,
        seed=check_count("seed", seed, 0),
        log_with=as_many(log_with), listener=listener,
    )  # fmt: skip


def train(
    recipe: Given, data: Given, output: Given, *,
    settings: str | Iterable[str] = (), validation: Given | None = None, exclude: Given | None = None,
    teacher: Teachers = None, teacher_share: float | None = None, temperature: float | None = None,
    precision: TrainingPrecision | None = None, device: str | None = None, seed: int = 0,
    log_with: str | Iterable[str] = (), listener: RunListener | None = None,
) -> list[Evaluation]:  # fmt: skip
    """Trains the network from scratch by `recipe` on the photos of `data` into the module directory `output`.

    `recipe`: a name, such as `tiny-imagenet`, or the path of a TOML file. `settings`: changes of it, such as
    "label_smoothing=0.05"; see `open_recipe`. The other arguments, what is returned and raised: as of
    `finetune`.
    """
    with _pytorch():
        from .from_scratch import train_from_scratch
    return train_from_scratch(
        open_recipe(at_home(recipe), list(as_many(settings))), at_home(data), Path(at_home(output)),
        validation=_text(validation), exclude=_path(exclude), seed=check_count("seed", seed, 0),
        bfloat16=_is_bfloat16(precision), device=device,
        distillation=_distillation(teacher, teacher_share, temperature), log_with=as_many(log_with),
        listener=listener,
    )  # fmt: skip


def transform(
    module: ModuleLike | None = None, *, resize: Preset | None = None, max_pixels: int = MAX_PIXELS
) -> "PhotoTransform":
    """What makes a tensor of a photo, float32 [3, height, width] in [0, 1], as `module` wants it.

    For a `DataLoader` or torchvision's data sets: it takes a path, bytes, an open file or a PIL image, can be
    pickled, and gives what `load_images` gives. `module`, `resize`, `max_pixels`: as of `load_images`, also a
    handle; None is the default module.

    Raises `MissingExtraError` without PyTorch, `ArgumentError` for an unknown preset.
    """
    preset = checked_preset(resize)
    with _pytorch():
        from .pytorch import PhotoTransform
    spec = module if isinstance(module, Module) else as_spec(module)
    return PhotoTransform(spec.image_size, preset or spec.resize, max_pixels)


def network(module: ModuleLike | None = None, *, signature: str | None = None) -> "ImageNetwork":
    """The network of `module` as an `nn.Module`, with a copy of its weights, in evaluation mode.

    It takes float [batch, 3, height, width] in [0, 1], as `transform` makes them, and gives logits
    [batch, classes]; with `signature="image_feature_vector"` feature vectors [batch, features].
    `hub.export(network, "my_module", to="module")` writes it back once it is trained.

    Raises `MissingExtraError` without PyTorch, `SignatureError`, `ArgumentError` for a signature with another
    input than images.
    """
    with _pytorch():
        from .pytorch import ImageNetwork
    bundle = as_spec(module).bundle
    chosen = signatures.find(bundle.architecture, signature)
    if chosen.takes_momentum:
        raise ArgumentError(
            f"signature is {signature!r}, which takes a momentum; leave it out, and set the network's "
            "batch_norm_momentum."
        )
    return ImageNetwork(bundle.without_head() if chosen.output == GLOBAL_POOL else bundle).eval()


def _is_bfloat16(precision: TrainingPrecision | None) -> bool | None:
    choices = (None, *get_args(TrainingPrecision))
    if precision not in choices:
        raise ArgumentError(f"precision is {precision!r}; give one of {', '.join(choices[1:])}.")
    return None if precision is None else precision == "bf16"


@contextmanager
def _pytorch() -> Iterator[None]:
    """Raises `MissingExtraError` where an import in the block fails."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise missing(f"This needs {error.name}", "train") from error


def _distillation(teacher: Teachers, share: float | None, temperature: float | None) -> Distillation | None:
    given = {"share": share, "temperature": temperature}
    numbers = {name: value for name, value in given.items() if value is not None}
    teachers = () if teacher is None else tuple(map(_handle, as_many(teacher)))
    if teachers:
        return Distillation(teachers, **numbers)
    if numbers:
        named = " and ".join("teacher_share" if name == "share" else name for name in numbers)
        raise ArgumentError(
            f"{named} {'is' if len(numbers) == 1 else 'are'} of teachers, and there is none; give --teacher "
            "MODULE (teacher=)."
        )
    return None


def _handle(teacher: Given) -> str:
    if not isinstance(teacher, str | os.PathLike):
        raise ArgumentError(
            f"teacher is of type {type(teacher).__name__}; give handles or paths of modules, for the run is "
            "resumed by them."
        )
    return os.fspath(teacher)


def _path(path: Given | None) -> Path | None:
    return None if path is None else Path(at_home(path))


def _text(path: Given | None) -> str | None:
    return None if path is None else at_home(path)
