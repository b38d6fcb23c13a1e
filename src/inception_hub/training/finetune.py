"""Fine-tuning in two phases: a new head on frozen features, then the whole network at a lower rate."""

import hashlib
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from ..architecture import LOGITS_LAYER
from ..bundle import Bundle, Provenance
from ..engines.torch import Network
from ..errors import ArgumentError
from ..evaluation import Evaluation
from ..images.presets import Preset
from ..images.resize import resize
from ..labels import Labels
from ..module_spec import ModuleSpec
from ..weights import initialise
from .augmentation import Augmentation
from .features import feature_vectors, fit_head
from .finish import Story, lowest_loss, run_facts
from .job import Photos, Run
from .listener import Watch
from .loop import train
from .photos import Material, material, scorer
from .preview import preview
from .recipes import AdamW, Cycle, Phase, Recipe
from .session import Session, identity
from .step import class_weights
from .teacher import Distillation, Teachers

Phases = Literal["both", "head", "full"]
SEEN = 50_000  # photos, repetitions counted, that the second phase sees by default
EPOCHS = (4, 30)  # but at least and at most these
STRIDE = 32  # px of the photo to a place of the last feature map


@dataclass(frozen=True)
class Options:
    """How to fine-tune; None is a default chosen from the data set's size or the module."""

    phases: Phases = "both"
    epochs: int | None = None  # of the second phase
    learning_rate: float = 5e-4  # of the second phase, the highest
    batch_size: int | None = None
    image_size: int | None = None  # px, square, to answer at; None: some five quarters of training_size
    training_size: int | None = None  # px, square, to learn at; None: image_size, else the base's
    batch_norm: Literal["update", "frozen"] = "update"
    batch_norm_momentum: float = 0.99
    label_smoothing: float = 0.1
    average: float = 0.99  # decay of the moving average of weights; 0: none
    patience: int = 5  # epochs without a better validation loss before it stops; 0: never
    class_weights: bool = False
    bfloat16: bool = True
    device: str | None = None
    distillation: Distillation | None = None  # in the second phase

    def __post_init__(self) -> None:
        if not 0 <= self.batch_norm_momentum <= 1:
            raise ArgumentError(
                f"batch_norm_momentum is {self.batch_norm_momentum}; give a number in [0, 1]."
            )
        for name in ("image_size", "training_size"):
            value = getattr(self, name)
            if value is not None and value < 32:
                raise ArgumentError(f"{name} is {value}; give 32 px or more.")
        if self.distillation and self.phases == "head":
            raise ArgumentError(
                "A teacher is given and phases is 'head', where none is asked; "
                "leave the teacher out, or give phases 'both' or 'full'."
            )


def sizes(base: tuple[int, int], options: Options) -> tuple[int, tuple[int, int]]:
    """px to learn at, and (height, width) to answer at, for a base of the default size `base`.

    Things look larger in crops than in whole photos. Touvron et al., "Fixing the train-test resolution
    discrepancy" (2019), make up for it by answering at a larger size than was learned at. It is rounded to
    whole strides of the network, which answers best there.
    """
    learned = options.training_size or options.image_size or max(base)
    larger = max(round(learned * 5 / 4 / STRIDE) * STRIDE, learned)
    answered = options.image_size or larger
    return learned, (answered, answered)


def plan(images: int, size: int, options: Options) -> Recipe:
    """The second phase for so many training photos, learning at `size` px."""
    least, most = EPOCHS
    epochs = options.epochs if options.epochs is not None else min(max(round(SEEN / images), least), most)
    return Recipe(
        name="finetune",
        cycles=(
            Cycle(
                (Phase(epochs, size, Augmentation(min_area=0.3, colour=0.2)),),
                options.learning_rate,
                warmup=0.1,
            ),
        ),
        optimiser=AdamW(weight_decay=0.05),
        batch_size=options.batch_size or (32 if images < 2_000 else 64 if images < 20_000 else 128),
        image_size=size,
        label_smoothing=options.label_smoothing,
        batch_norm=options.batch_norm,
        batch_norm_momentum=options.batch_norm_momentum,
        average=options.average or None,
        patience=options.patience or None,
        class_weights=options.class_weights,
        stored_size=max(size * 5 // 4, 64),  # a crop then seldom has to be enlarged
    )


def finetune(
    data: str,
    output: Path,
    base: ModuleSpec,
    *,
    validation: str | None = None,
    options: Options | None = None,
    seed: int = 0,
    watch: Watch | None = None,
) -> list[Evaluation]:
    """Fine-tunes `base` on the photos of `data` (see `open_dataset`) into the module directory `output`.

    Interrupted and run again it goes on from `OUTPUT.run`, where TensorBoard's files stay. Returns how the
    written module does on the test photos, if there are any, and on the validation photos.

    Raises `OutputError` if `output` exists, `HandleError` or `FormatError` for data that cannot be read or
    has fewer than two classes, `ArgumentError` for a teacher that does not know the data's classes,
    `TrainingError` if the loss is no longer a number.
    """
    options = options or Options()
    session = Session.begin(output, data, validation, options.device, watch)
    dataset, folder, workers, watch = session.dataset, session.folder, session.workers, session.watch
    labels = dataset.labels
    teachers = options.distillation and Teachers.load(options.distillation, labels, workers.device)
    learned, size = sizes(base.image_size, options)
    recipe = plan(len(dataset.splits["train"]), learned, options)
    stuff = material(dataset, recipe.pixels, size, base.bundle.resize, folder / "pixels", watch, workers)
    begun_with = identity(
        dataset.fingerprint,
        _digest(base),
        asdict(recipe),
        asdict(replace(options, distillation=None)),  # which names the teachers by path, not by weights
        seed,
        teachers and teachers.identity(),
    )

    network = _with_new_head(base, labels, seed).to(workers.device)
    if options.phases != "full" and workers.is_main:  # what the others have is overwritten by the main one's
        score = _head(network, stuff, base.bundle.resize, options, folder, begun_with, watch)
        watch.note(f"head on frozen features: validation top-1 {score:.1%}")
    history, pictures = [], []
    if options.phases != "head":
        pictures = preview(stuff.train, recipe.cycles[0].phases[-1], seed)
        watch.pictures("augmentation", pictures)
        run = Run(
            recipe,
            stuff.train,
            session.checkpoint,
            begun_with,
            seed,
            options.bfloat16,
            phase="whole network",
            validate=scorer(stuff.validation, options.bfloat16),
            watch=watch,
            teachers=teachers,
        )
        history = train(network, run, workers)
    source = f"fine-tuned on {dataset.name} from {base.bundle.provenance.source}"
    draft = Bundle(  # a new one: nothing made of the base's weights, such as its int8 graph, may stay
        name=output.name,
        architecture=network.architecture,
        weights={},
        labels=labels,
        provenance=Provenance(source, base.bundle.provenance.licence),
        image_size=(size[0], size[1]),
        resize=base.bundle.resize,
    )
    facts = {"base": base.bundle.name}
    facts |= run_facts(recipe, len(stuff.train.classes), len(dataset.labels), seed, session.minutes, history)
    facts["phases"] = {"both": "head, then whole network", "head": "head only", "full": "whole network"}[
        options.phases
    ]
    if teachers:
        facts["teacher"] = teachers.describe()
    notes = [*session.notes, *stuff.notes]
    story = Story(
        f"{output.name}: {dataset.name}",
        facts,
        history,
        pictures,
        notes,
        chosen_by_validation=True,
        lowest_loss=lowest_loss(recipe, len(labels)),
    )
    return session.end(draft, network, recipe.dtype, story)


def _with_new_head(base: ModuleSpec, labels: Labels, seed: int) -> Network:
    architecture = replace(base.architecture, num_classes=len(labels))
    fresh = initialise(architecture, seed)
    kept = {n: w for n, w in base.bundle.weights.items() if not n.startswith(f"{LOGITS_LAYER}/")}
    return Network(architecture, {**fresh, **kept})


def _head(
    network: Network,
    stuff: Material,
    preset: Preset,
    options: Options,
    folder: Path,
    begun_with: str,
    watch: Watch,
) -> float:
    """Fits the head on features computed once; its validation top-1."""
    size = (stuff.validation.images.shape[1], stuff.validation.images.shape[2])

    def training(start: int, stop: int) -> Tensor:
        """The training photos as validation sees them."""
        images = [resize(image, size, preset) for image in stuff.train.images[start:stop].numpy()]
        return torch.from_numpy(np.stack(images))

    def validation(start: int, stop: int) -> Tensor:
        return stuff.validation.images[start:stop].float() / 255

    def features(name: str, photos: Photos, images: Callable[[int, int], Tensor]) -> Tensor:
        return feature_vectors(
            network,
            len(photos.classes),
            images,
            options.bfloat16,
            folder / "features" / f"{name}.npy",
            begun_with,
            lambda done, total: watch.progress(f"{name} features", done, total),
        )

    classes = stuff.train.classes
    kernel, biases, score = fit_head(
        features("training", stuff.train, training),
        classes,
        network.architecture.num_classes,
        (features("validation", stuff.validation, validation), stuff.validation.classes),
        class_weights(classes) if options.class_weights else None,
    )
    with torch.no_grad():
        network.get_parameter(f"{LOGITS_LAYER}/weights").copy_(kernel[None, None])
        network.get_parameter(f"{LOGITS_LAYER}/biases").copy_(biases)
    assert score is not None
    return score.top1


def _digest(base: ModuleSpec) -> str:
    """SHA-256 of the weights that fine-tuning begins with."""
    digest = hashlib.sha256()
    for name in sorted(base.bundle.weights):
        digest.update(base.bundle.weights[name].tobytes())
    return digest.hexdigest()
