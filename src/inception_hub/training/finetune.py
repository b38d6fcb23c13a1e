"""Fine-tuning in two phases: a new head on frozen features, then the whole network at a lower rate."""

from collections.abc import Iterable
from copy import deepcopy
from dataclasses import asdict, replace
from pathlib import Path

from ..architecture import LOGITS_LAYER
from ..bundle import Bundle, Provenance
from ..data import TRAIN, Dataset
from ..engines.torch import Network
from ..evaluation import Evaluation
from ..images.presets import Preset
from ..labels import Labels
from ..module_spec import ModuleSpec
from ..weights import identity, initialise
from .augmentation import Augmentation
from .finetune_options import FinetuneOptions
from .head import train_head
from .listener import RunListener
from .recipes import AdamW, Cycle, Phase, Recipe
from .resize_choice import choose_resize, features_folder
from .run import Run
from .selection import explain_selection
from .session import Session
from .settings import Settings, digest, flattened
from .summary import RunSummary, lowest_loss, run_facts
from .teacher import Teachers
from .validation import validator

SEEN = 50_000  # photos, repetitions counted, that the second phase sees by default
EPOCHS = (4, 30)  # but at least and at most these
STRIDE = 32  # px of the photo to a place of the last feature map
PHASES = {"both": "head, then whole network", "head": "head only", "full": "whole network"}  # in the card


def finetune(
    data: str,
    output: Path,
    base: ModuleSpec,
    *,
    validation: str | None = None,
    exclude: Path | None = None,
    options: FinetuneOptions | None = None,
    seed: int = 0,
    log_with: Iterable[str] = (),
    listener: RunListener | None = None,
) -> list[Evaluation]:
    """Fine-tunes `base` on the photos of `data` (see `open_dataset`) into the module directory `output`.

    `exclude`: a file of decisions, as `inspect` writes it, about photos to leave out. `log_with`: trackers
    besides TensorBoard.
    An interrupted run is resumed from `OUTPUT.run`, where TensorBoard's files stay. Returns the evaluations
    of the written module on the test photos, if there are any, and on the validation photos.

    Raises `OutputError` if `output` exists or a tracker cannot begin a run, `HandleError` or `FormatError`
    for data that cannot be read or has fewer than two classes, `ArgumentError` for a teacher that does not
    know the data's classes, `TrainingError` if the loss is no longer a number.
    """
    options = options or FinetuneOptions()
    with Session.begin(output, data, validation, options.device, listener, exclude, log_with) as session:
        return _run(session, base, options, seed)


def _run(session: Session, base: ModuleSpec, options: FinetuneOptions, seed: int) -> list[Evaluation]:
    bfloat16 = session.bfloat16(options.bfloat16)
    options = replace(options, bfloat16=bfloat16)
    labels = session.dataset.labels
    teachers = session.teachers(options.distillation)
    training_size, image_size = sizes(base.image_size, options)
    recipe = finetune_recipe(len(session.dataset.splits[TRAIN]), training_size, options)
    settings = _settings(session.dataset, base, recipe, options, seed, teachers)
    session.check(settings)
    session.track(settings)
    session.announce(f"Fine-tuning {base.bundle.name}", bfloat16)
    network = _with_new_head(base, labels, seed).to(session.workers.device)
    preset = _preset(session, network, base, recipe, image_size, options, settings)
    photos = session.load(recipe.pixels, image_size, preset)
    run = Run(
        recipe,
        photos.train,
        session.checkpoint,
        settings,
        seed,
        bfloat16,
        phase="whole network",
        validate=validator(photos.validation, bfloat16),
        listener=session.listener,
        teachers=teachers,
    )
    head = None  # of random weights, which are never the best, where it is not fitted first
    if options.phases != "full" and session.workers.is_main:  # whose weights the other processes take over
        features = features_folder(session.folder, preset if options.resize == "auto" else None)
        head = train_head(network, photos, preset, options, features, run.identity, session.listener)
        session.listener.note(f"head: {head}")
    history, preview = [], []
    if options.phases != "head":
        history, preview = session.train(network, replace(run, start=head))
    selection = explain_selection(recipe, history, head)
    facts = {"base": base.bundle.name} | run_facts(run, len(labels), session.minutes, history)
    summary = RunSummary(
        f"{session.output.name}: {session.dataset.name}",
        facts | {"phases": PHASES[options.phases]} | ({"teacher": teachers.describe()} if teachers else {}),
        history,
        selection,
        preview,
        [*session.notes, *photos.notes],
        chosen_by_validation=True,
        lowest_loss=lowest_loss(recipe, len(labels)),
    )
    return session.end(_draft(base, session, network, image_size, preset), network, recipe.dtype, summary)


def _preset(
    session: Session,
    network: Network,
    base: ModuleSpec,
    recipe: Recipe,
    image_size: tuple[int, int],
    options: FinetuneOptions,
    settings: Settings,
) -> Preset:
    """How photos become images of the new module's size; says why, where that was to be measured."""
    own = base.bundle.resize
    if options.resize != "auto":
        return options.resize or own
    identity, trial = digest(dict(settings)), deepcopy(network)
    preset, why = choose_resize(session, trial, own, recipe.pixels, image_size, options, identity)
    session.listener.note(why)
    session.notes.append(why)
    return preset


def sizes(base: tuple[int, int], options: FinetuneOptions) -> tuple[int, tuple[int, int]]:
    """px of training, and (height, width) of inference, for a base of the default size `base`.

    Things look larger in crops than in whole photos. Touvron et al., "Fixing the train-test resolution
    discrepancy" (2019), make up for it by a larger size in inference than in training. It is rounded to whole
    strides of the network, which is most accurate there.
    """
    training = options.training_size or options.image_size or max(base)
    larger = max(round(training * 5 / 4 / STRIDE) * STRIDE, training)
    inference = options.image_size or larger
    return training, (inference, inference)


def finetune_recipe(images: int, size: int, options: FinetuneOptions) -> Recipe:
    """The recipe of the second phase for so many training photos, trained on at `size` px."""
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
        select=options.select,
        class_weights=options.class_weights,
        stored_size=max(size * 5 // 4, 64),  # a crop then seldom has to be enlarged
    )


def _settings(
    dataset: Dataset,
    base: ModuleSpec,
    recipe: Recipe,
    options: FinetuneOptions,
    seed: int,
    teachers: Teachers | None,
) -> Settings:
    """All that decides what the run computes."""
    given = asdict(replace(options, distillation=None))  # which names the teachers by path, not by weights
    del given["distillation"]
    if given["resize"] is None:  # as the checkpoints of runs that began before there was a choice
        del given["resize"]
    given["device"] = given["device"] or "cpu"
    given["precision"] = "bf16" if given.pop("bfloat16") else "f32"
    named = {f"--{name.replace('_', '-')}": value for name, value in (given | {"seed": seed}).items()}
    return {
        "photos": dataset.fingerprint,
        "module": digest([identity(base.bundle.weights), base.image_size, base.bundle.resize]),
        **(teachers.settings() if teachers else {}),
        **named,
        **flattened(asdict(recipe)),
    }


def _with_new_head(base: ModuleSpec, labels: Labels, seed: int) -> Network:
    architecture = replace(base.architecture, num_classes=len(labels))
    fresh = initialise(architecture, seed)
    kept = {n: w for n, w in base.bundle.weights.items() if not n.startswith(f"{LOGITS_LAYER}/")}
    return Network(architecture, {**fresh, **kept})


def _draft(
    base: ModuleSpec, session: Session, network: Network, image_size: tuple[int, int], preset: Preset
) -> Bundle:
    """The module without weights: nothing made of the base's weights, such as its int8 graph, is kept."""
    source = f"fine-tuned on {session.dataset.name} from {base.bundle.name} ({base.bundle.provenance.source})"
    return Bundle(
        name=session.output.name,
        architecture=network.architecture,
        weights={},
        labels=session.dataset.labels,
        provenance=Provenance(source, base.bundle.provenance.licence),
        image_size=image_size,
        resize=preset,
    )
