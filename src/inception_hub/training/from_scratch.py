"""Training from scratch: a recipe and labelled photos in, a module directory out."""

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from ..architecture import Architecture
from ..bundle import Bundle, Provenance
from ..engines.torch import Network
from ..evaluation import Evaluation
from ..weights import initialise
from .distillation import Distillation
from .listener import RunListener
from .recipes import Recipe
from .run import Run
from .selection import explain_selection
from .session import Session
from .settings import flattened
from .summary import RunSummary, lowest_loss, run_facts
from .validation import validator


def train_from_scratch(
    recipe: Recipe,
    data: str,
    output: Path,
    *,
    validation: str | None = None,
    exclude: Path | None = None,
    seed: int = 0,
    bfloat16: bool | None = None,
    device: str | None = None,
    distillation: Distillation | None = None,
    log_with: Iterable[str] = (),
    listener: RunListener | None = None,
) -> list[Evaluation]:
    """Trains the full network by `recipe` on the photos of `data` into the module directory `output`.

    `exclude`: a file of decisions, as `inspect` writes it, about photos to leave out. `log_with`: trackers
    besides TensorBoard.
    An interrupted run is resumed from `OUTPUT.run`, where TensorBoard's files stay. Returns the evaluations
    of the written module on the test photos, if there are any, and on the validation photos.
    `bfloat16` is mixed precision; None: where the device has instructions for it, or as the resumed run was
    begun. With `distillation` the network also learns from other modules (see `teacher`).

    Raises `OutputError` if `output` exists or a tracker cannot begin a run, `HandleError` or `FormatError`
    for data that cannot be read or has fewer than two classes, `ArgumentError` for a teacher that does not
    know the data's classes, `TrainingError` if the loss is no longer a number.
    """
    with Session.begin(output, data, validation, device, listener, exclude, log_with) as session:
        return _run(session, recipe, seed, session.bfloat16(bfloat16), distillation)


def _run(
    session: Session, recipe: Recipe, seed: int, bfloat16: bool, distillation: Distillation | None
) -> list[Evaluation]:
    dataset, labels = session.dataset, session.dataset.labels
    teachers = session.teachers(distillation)
    size = (recipe.image_size, recipe.image_size)
    settings = {
        "photos": dataset.fingerprint,
        **(teachers.settings() if teachers else {}),
        "--seed": seed,
        "--precision": "bf16" if bfloat16 else "f32",
        **flattened(asdict(recipe)),
    }
    session.check(settings)
    session.track(settings)
    session.announce(f"Training by the recipe {recipe.name}", bfloat16)
    photos = session.load(recipe.pixels, size, "default")
    architecture = Architecture(1.0, len(labels))
    network = Network(architecture, initialise(architecture, seed))
    run = Run(
        recipe,
        photos.train,
        session.checkpoint,
        settings,
        seed,
        bfloat16,
        validate=validator(photos.validation, bfloat16),
        listener=session.listener,
        teachers=teachers,
    )
    history, preview = session.train(network, run)
    summary = RunSummary(
        f"Inception V2, {session.output.name}",
        run_facts(run, len(labels), session.minutes, history)
        | ({"teacher": teachers.describe()} if teachers else {}),
        history,
        explain_selection(recipe, history),
        preview,
        [*session.notes, *photos.notes],
        chosen_by_validation=recipe.patience is not None,
        lowest_loss=lowest_loss(recipe, len(labels)),
    )
    provenance = Provenance(f"trained from scratch by the recipe {recipe.name}", "Apache-2.0")
    draft = Bundle(session.output.name, architecture, {}, labels, provenance, image_size=size)
    return session.end(draft, network, recipe.dtype, summary)
