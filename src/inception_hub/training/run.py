"""From scratch: a recipe and labelled photos in, a module directory out."""

from dataclasses import asdict
from pathlib import Path

from ..architecture import Architecture
from ..bundle import Bundle, Provenance
from ..engines.torch import Network
from ..evaluation import Evaluation
from ..weights import initialise
from .finish import Story, lowest_loss, run_facts
from .job import Run
from .listener import Watch
from .loop import train
from .photos import material, scorer
from .preview import preview
from .recipes import Recipe
from .session import Session, identity
from .teacher import Distillation, Teachers


def train_from_scratch(
    recipe: Recipe,
    data: str,
    output: Path,
    *,
    validation: str | None = None,
    seed: int = 0,
    bfloat16: bool = True,
    device: str | None = None,
    distillation: Distillation | None = None,
    watch: Watch | None = None,
) -> list[Evaluation]:
    """Trains the full network by `recipe` on the photos of `data` into the module directory `output`.

    Interrupted and run again it goes on from `OUTPUT.run`, where TensorBoard's files stay. Returns how the
    written module does on the test photos, if there are any, and on the validation photos.
    With `distillation` the network also learns from other modules (see `teacher`).

    Raises `OutputError` if `output` exists, `HandleError` or `FormatError` for data that cannot be read or
    has fewer than two classes, `ArgumentError` for a teacher that does not know the data's classes,
    `TrainingError` if the loss is no longer a number.
    """
    session = Session.begin(output, data, validation, device, watch)
    dataset, watch = session.dataset, session.watch
    teachers = distillation and Teachers.load(distillation, dataset.labels, session.workers.device)
    size = (recipe.image_size, recipe.image_size)
    pixels = session.folder / "pixels"
    stuff = material(dataset, recipe.pixels, size, "default", pixels, watch, session.workers)
    architecture = Architecture(1.0, len(dataset.labels))
    network = Network(architecture, initialise(architecture, seed))
    pictures = preview(stuff.train, recipe.cycles[-1].phases[-1], seed)
    watch.pictures("augmentation", pictures)
    run = Run(
        recipe,
        stuff.train,
        session.checkpoint,
        identity(dataset.fingerprint, asdict(recipe), seed, bfloat16, teachers and teachers.identity()),
        seed,
        bfloat16,
        validate=scorer(stuff.validation, bfloat16),
        watch=watch,
        teachers=teachers,
    )
    history = train(network, run, session.workers)
    facts = run_facts(recipe, len(stuff.train.classes), len(dataset.labels), seed, session.minutes, history)
    if teachers:
        facts["teacher"] = teachers.describe()
    story = Story(
        f"Inception V2, {output.name}",
        facts,
        history,
        pictures,
        [*session.notes, *stuff.notes],
        chosen_by_validation=recipe.patience is not None,
        lowest_loss=lowest_loss(recipe, len(dataset.labels)),
    )
    draft = Bundle(
        name=output.name,
        architecture=architecture,
        weights={},
        labels=dataset.labels,
        provenance=Provenance(f"trained from scratch by the recipe {recipe.name}", "Apache-2.0"),
        image_size=size,
    )
    return session.end(draft, network, recipe.dtype, story)
