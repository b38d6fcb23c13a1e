"""Training data: a validation set made where there is none, decoded photos, notes about what was left out."""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers.dataset_photos import png, split_of
from PIL import Image

from inception_hub.data import Dataset
from inception_hub.errors import ArgumentError
from inception_hub.images.loading import load_image
from inception_hub.images.presets import PRESETS, Preset
from inception_hub.images.resize import resize
from inception_hub.labels import Labels
from inception_hub.training import training_data
from inception_hub.training.listener import RunListener
from inception_hub.training.training_data import load_training_data, training_photos, with_validation_set
from inception_hub.training.workers import Workers

LABELS = Labels(("a", "b"), (None, None))


class Notes(RunListener):
    def __init__(self) -> None:
        self.notes: list[str] = []
        self.tasks: list[tuple[str, int, int]] = []

    def note(self, message: str) -> None:
        self.notes.append(message)

    def progress(self, task: str, done: int, total: int) -> None:
        self.tasks.append((task, done, total))


def dataset(**splits: list[bytes | None]) -> Dataset:
    """Splits of photos whose classes take turns."""
    return Dataset(
        "noise", LABELS, {name: split_of(files, [0, 1] * (len(files) // 2)) for name, files in splits.items()}
    )


def test_a_validation_set_is_made_where_there_is_none() -> None:
    listener = Notes()
    whole = dataset(train=[png(seed) for seed in range(20)])
    divided, notes = with_validation_set(whole, listener)
    assert set(divided.splits) == {"train", "validation"} and notes == []
    counts = {name: sum(classes.values()) for name, classes in divided.counts().items()}
    assert sum(counts.values()) == 20 and counts["validation"] >= 2
    assert listener.notes[0].startswith(f"train: {counts['train']} photos of 2 classes, ")
    assert with_validation_set(divided, listener)[0] is divided


def test_what_is_not_read_and_classes_without_photos_are_noted() -> None:
    listener = Notes()
    whole = Dataset(
        "noise",
        Labels(("a", "b", "c"), (None,) * 3),
        {"train": split_of([png(0), png(1)], [0, 1]), "validation": split_of([png(2)], [1])},
        ("1 column is not read: year.",),
    )
    _, notes = with_validation_set(whole, listener)
    assert notes == [
        "1 column is not read: year.",
        "The train split has no photo of c.",
        "The validation split has no photo of a; c.",
    ]
    assert listener.notes == [
        "train: 2 photos of 3 classes, 0 to 1 each",
        "validation: 1 photo of 3 classes, 0 to 1 each",
        *notes,
    ]


def test_a_class_that_loses_all_its_photos_is_noted(tmp_path: Path, workers: Workers) -> None:
    data = dataset(train=[png(0), b"no photo", png(1), None], validation=[b"no photo", png(2)])
    loaded = load_training_data(data, 24, (16, 16), "plain", tmp_path, RunListener(), workers)
    assert loaded.notes[1] == "No photo of b in the train split can be read."
    assert loaded.notes[3] == "No photo of a in the validation split can be read."
    assert len(loaded.notes) == 4


def test_photos_in_two_splits_are_noted() -> None:
    listener = Notes()
    files: list[bytes | None] = [png(seed) for seed in range(14)]
    _, notes = with_validation_set(dataset(train=files, validation=[*files[:12], png(50), png(51)]), listener)
    note, advice = notes
    assert note.startswith("12 photos are in two splits: train:0.png = validation:0.png; ")
    assert note.endswith(" and 7 more") and note in listener.notes
    assert advice == "inception-hub inspect DATA shows them, also cropped and mirrored copies."


def test_photos_are_decoded_for_training_and_for_validation(tmp_path: Path, workers: Workers) -> None:
    listener = Notes()
    train: list[bytes | None] = [png(0, (40, 20)), b"no photo", png(2, (30, 30)), png(3, (10, 20))]
    held: list[bytes | None] = [png(10, (40, 20)), None]
    data = dataset(train=train, validation=held)
    loaded = load_training_data(data, 24, (16, 32), "plain", tmp_path / "pixels", listener, workers)
    assert loaded.train.images.shape == (3, 24, 24, 3) and loaded.train.images.dtype == torch.uint8
    assert loaded.train.aspects.tolist() == [2, 1, 0.5] and loaded.train.classes.tolist() == [0, 0, 1]
    assert loaded.validation.classes.tolist() == [0]
    expected = (load_image(held[0], (16, 32), "plain") * 255).round().astype(np.uint8)
    np.testing.assert_array_equal(loaded.validation.images[0].numpy(), expected)
    assert loaded.notes[0].startswith("1 of 4 training photos cannot be read: 1.png: ")
    assert loaded.notes[1].startswith("1 of 2 validation photos cannot be read: 1.png: ")
    assert listener.notes == list(loaded.notes) and listener.tasks[-1] == ("decoding", 4, 4)
    assert not (tmp_path / "pixels").exists(), "a small set needs no copy on disk"


@pytest.mark.parametrize("preset", PRESETS)
def test_training_photos_become_what_validation_sees(
    tmp_path: Path, workers: Workers, preset: Preset
) -> None:
    """By the module's preset from what is stored, as the head's features are computed."""
    photos: list[bytes | None] = []
    for size in ((90, 60), (50, 120), (64, 64), (200, 50)):
        noise = np.random.default_rng(0).integers(0, 256, (4, 4, 3), np.uint8)
        file = io.BytesIO()
        Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC).save(file, "PNG")
        photos.append(file.getvalue())
    data = dataset(train=photos, validation=photos)
    loaded = load_training_data(data, 80, (64, 64), preset, tmp_path, RunListener(), workers)
    for stored, seen in zip(loaded.train.images.numpy(), loaded.validation.images.numpy(), strict=True):
        assert np.abs(resize(stored, (64, 64), preset) - seen / 255.0).mean() < 0.03


def test_a_large_set_is_kept_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = dataset(train=[png(seed) for seed in range(4)])
    in_memory, _ = training_photos(data, 8, tmp_path / "pixels", RunListener())
    monkeypatch.setattr(training_data, "IN_MEMORY", 0)
    on_disk, _ = training_photos(data, 8, tmp_path / "pixels", RunListener())
    assert (tmp_path / "pixels" / "pixels.npy").is_file()
    assert torch.equal(on_disk.images, in_memory.images)
    before = (tmp_path / "pixels" / "pixels.npy").read_bytes()
    on_disk.images.zero_()
    assert (tmp_path / "pixels" / "pixels.npy").read_bytes() == before, "the mapping is private"


def test_a_validation_set_without_a_readable_photo_is_refused(tmp_path: Path, workers: Workers) -> None:
    data = dataset(train=[png(0), png(1)], validation=[None, b"no photo"])
    with pytest.raises(ArgumentError, match="No validation photo can be read: 0.png: .*; 1.png: "):
        load_training_data(data, 16, (16, 16), "plain", tmp_path, RunListener(), workers)
    assert replace(data).splits.keys() == {"train", "validation"}
