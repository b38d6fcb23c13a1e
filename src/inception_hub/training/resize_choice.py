"""`finetune --resize auto`: the preset under which a head on the base's features is best on validation."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from ..data import TRAIN, VALIDATION, Split
from ..engines.torch import Network
from ..errors import InceptionHubError
from ..evaluation import Score
from ..images.presets import DEFINITIONS, PRESETS, Preset
from ..system.atomic import atomic_file
from ..system.outputs import as_output_error
from ..system.regular import read_bounded
from ..system.text import counted
from .finetune_options import FinetuneOptions
from .head import train_head
from .listener import RunListener
from .selection import rank
from .session import Session
from .training_data import TrainingData, training_photos, validation_photos

CANDIDATES: tuple[Preset, ...] = ("default", "crop", "pad")  # and the base's own
SAMPLE = 5_000  # photos of a split that are looked at, and a few more where classes are many
KEPT = "resize.json"  # the choice, for when the run is resumed
MAX_BYTES = 1 << 16


def choose_resize(
    session: Session,
    network: Network,
    own: Preset,
    stored_size: int,
    image_size: tuple[int, int],
    options: FinetuneOptions,
    identity: str,
) -> tuple[Preset, str]:
    """The preset, and a sentence with what was measured; the same in all processes.

    `network`: the base's with a head for the classes, whose weights change. `own`: the base's preset, which
    is measured, too. `identity`: of the run; a choice that was made before is that of a resumed one.
    """
    chosen = None
    if session.workers.is_main:
        folder = session.folder / "features"
        chosen = _kept(folder / KEPT, identity)
        if chosen is None:
            chosen = _measured(session, network, own, stored_size, image_size, options, identity)
            with as_output_error(folder / KEPT), atomic_file(folder / KEPT) as file:
                file.write_bytes(json.dumps([identity, *chosen]).encode())
    return session.workers.from_main(chosen)


def features_folder(folder: Path, preset: Preset | None) -> Path:
    """Where the feature vectors of photos by `preset` are, of a run that chooses it; None: of any other."""
    return folder / "features" / (preset or "")


def _measured(
    session: Session,
    network: Network,
    own: Preset,
    stored_size: int,
    image_size: tuple[int, int],
    options: FinetuneOptions,
    identity: str,
) -> tuple[Preset, str]:
    splits = {name: _sample(session.dataset.splits[name]) for name in (TRAIN, VALIDATION)}
    dataset = replace(session.dataset, splits=splits)
    scores: dict[Preset, Score] = {}
    for preset in dict.fromkeys((own, *CANDIDATES)):
        listener = _Progress(session.listener, preset)
        pixels = session.folder / "pixels" / preset
        train, _ = training_photos(dataset, stored_size, pixels, listener, DEFINITIONS[preset].fit)
        held_out = validation_photos(splits[VALIDATION], image_size, preset, [])
        photos = TrainingData(train, held_out, ())
        features = features_folder(session.folder, preset)
        scores[preset] = train_head(network, photos, preset, options, features, identity, listener)
    best = min(scores, key=lambda preset: rank(scores[preset], "accuracy"))
    figures = "; ".join(f"{name} {score.top1:.1%}, loss {score.loss:.3f}" for name, score in scores.items())
    of = ", ".join(f"{counted(len(split), 'photo')} of {name}" for name, split in splits.items())
    return best, f"Resize: {best}, whose head has the highest top-1 on validation ({figures}; {of})."


def _sample(split: Split) -> Split:
    """Photos of every class of `split`, evenly spaced; all of a small one."""
    step = max(1, -(-len(split) // SAMPLE))
    order = np.argsort(split.classes, kind="stable")
    classes = np.split(order, np.flatnonzero(np.diff(split.classes[order])) + 1)
    return split.subset(np.sort(np.concatenate([each[::step] for each in classes])))


def _kept(file: Path, identity: str) -> tuple[Preset, str] | None:
    """The choice that a run of this `identity` made before; None if there is none."""
    try:
        kept, preset, sentence = json.loads(read_bounded(file, MAX_BYTES, "remove it"))
    except (OSError, ValueError, TypeError, RecursionError, InceptionHubError):
        return None
    return (
        (preset, sentence) if kept == identity and preset in PRESETS and isinstance(sentence, str) else None
    )


class _Progress(RunListener):
    """Passes on the progress of one preset's measurement, and no notes: they come with the training data."""

    def __init__(self, listener: RunListener, preset: Preset) -> None:
        self._listener, self._preset = listener, preset

    def progress(self, task: str, done: int, total: int) -> None:
        self._listener.progress(f"{self._preset}: {task}", done, total)
