"""A session: what it opens, what it refuses, which files of a run are removed in the end."""

import os
import shutil
from pathlib import Path

import pytest
from helpers import runs

from inception_hub import bundle
from inception_hub.errors import ArgumentError, FormatError, HandleError, OutputError
from inception_hub.evaluation import Selection
from inception_hub.labels import Labels
from inception_hub.training import checkpoint
from inception_hub.training import session as session_file
from inception_hub.training.distillation import Distillation
from inception_hub.training.listener import RunListener
from inception_hub.training.session import Session
from inception_hub.training.summary import RunSummary
from inception_hub.training.tracking import Tracking

COLOURS = Labels(("blue", "green", "red"), (None,) * 3)


class Notes(RunListener):
    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, message: str) -> None:
        self.notes.append(message)


def begun(folder: Path, output: Path, listener: RunListener | None = None) -> Session:
    return Session.begin(output, str(folder), None, None, listener)


def test_it_opens_the_data_and_makes_a_validation_set(shared_folder: Path, tmp_path: Path) -> None:
    listener = Notes()
    session = begun(shared_folder, tmp_path / "module", listener)
    assert session.dataset.labels.names == COLOURS.names
    assert {name: len(split) for name, split in session.dataset.splits.items()} == {
        "train": 27, "validation": 3,
    }  # fmt: skip
    assert listener.notes[0] == "train: 27 photos of 3 classes, 9 each"
    assert session.folder == tmp_path / "module.run"
    assert session.checkpoint == tmp_path / "module.run" / "checkpoint.safetensors"
    assert session.notes == [] and session.minutes >= 0
    assert session.teachers(None) is None


def test_what_exists_is_left_as_it_is(shared_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "module").mkdir()
    with pytest.raises(OutputError, match="module exists and is left as it is"):
        begun(shared_folder, tmp_path / "module")
    assert not (tmp_path / "module.run").exists()


def test_teachers_have_the_classes_of_the_data(shared_folder: Path, tmp_path: Path, first: str) -> None:
    session = begun(shared_folder, tmp_path / "module")
    with pytest.raises(Exception, match="The teacher 'first' does not fit the data"):
        session.teachers(Distillation((first,)))


def test_photos_are_decoded_at_the_sizes_asked_for(shared_folder: Path, tmp_path: Path) -> None:
    photos = begun(shared_folder, tmp_path / "module").load(40, (32, 48), "default")
    assert photos.train.images.shape == (27, 40, 40, 3) and photos.validation.images.shape == (3, 32, 48, 3)


@pytest.mark.usefixtures("no_matplotlib")
def test_in_the_end_only_tensorboards_files_stay(shared_folder: Path, tmp_path: Path) -> None:
    session = begun(shared_folder, tmp_path / "module")
    killed = ".checkpoint.safetensors.0123456789abcdef.partial"
    for name in ("pixels/pixels.npy", "features/training.vectors", f"{killed}/.tmp0"):
        (session.folder / name).parent.mkdir(exist_ok=True)
        (session.folder / name).touch()
    session.checkpoint.touch()
    (session.folder / "trackers.json").touch()
    network = runs.network()
    origin = bundle.Provenance("random numbers", "Apache-2.0")
    draft = bundle.Bundle("module", network.architecture, {}, COLOURS, origin, image_size=(32, 32))
    (evaluation,) = session.end(
        draft, network, "float32", RunSummary("title", {}, [], Selection("Kept."), [], [], True)
    )
    assert evaluation.data == "photos validation"
    assert (tmp_path / "module" / "report.html").is_file()
    assert [path.name for path in session.folder.iterdir()] == ["tensorboard"]
    shutil.rmtree(session.folder)


def test_a_checkpoint_of_other_settings_is_refused_before_anything_is_computed(
    shared_folder: Path, tmp_path: Path
) -> None:
    session = begun(shared_folder, tmp_path / "module")
    session.check({"--seed": 1})
    checkpoint.save(session.checkpoint, {}, {"settings": {"--seed": 1}})
    session.check({"--seed": 1})
    with pytest.raises(FormatError, match="module.run/checkpoint.safetensors was begun with --seed 1, not 2"):
        session.check({"--seed": 2})
    session.checkpoint.write_bytes(b"no checkpoint")
    with pytest.raises(FormatError, match="checkpoint .* is damaged"):
        session.check({"--seed": 1})


@pytest.mark.parametrize("resumed", [False, True])
def test_trackers_are_shown_the_settings(
    shared_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, resumed: bool
) -> None:
    begun_runs: list[tuple[object, ...]] = []
    monkeypatch.setattr(Tracking, "begin", lambda self, *arguments: begun_runs.append(arguments))
    session = begun(shared_folder, tmp_path / "module")
    if resumed:
        session.checkpoint.touch()
    session.track({"photos": "a digest", "--patience": 5, "patience": None})
    shown = {"data": "photos", "photos": "a digest", "patience": 5, "recipe.patience": None}
    assert begun_runs == [("module", shown, session.folder / "trackers.json", resumed)]


def test_a_tracker_is_asked_for_before_the_data(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="'tensorboard'; give one of wandb"):
        Session.begin(tmp_path / "module", str(tmp_path / "gone"), None, None, None, None, ["tensorboard"])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("able", [False, True])
def test_a_run_keeps_its_precision_and_a_new_one_takes_what_the_machine_can(
    shared_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, able: bool
) -> None:
    monkeypatch.setattr(session_file, "has_bfloat16", lambda device: able)
    session = begun(shared_folder, tmp_path / "module")
    assert session.bfloat16(None) is able
    assert session.bfloat16(True) is True and session.bfloat16(False) is False
    for kept in ("bf16", "f32"):
        checkpoint.save(session.checkpoint, {}, {"settings": {"--precision": kept}})
        assert session.bfloat16(None) is (kept == "bf16")


@pytest.mark.parametrize(
    ("able", "bfloat16", "said"),
    [
        (True, True, "in bfloat16."),
        (True, False, "in float32."),
        (False, False, "in float32, as this CPU has no instructions for bfloat16."),
        (
            False,
            True,
            "in bfloat16, for which this CPU has no instructions: float32 is several times as fast.",
        ),
    ],
)
def test_it_says_in_which_precision_a_run_computes(
    shared_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    able: bool,
    bfloat16: bool,
    said: str,
) -> None:
    monkeypatch.setattr(session_file, "has_bfloat16", lambda device: able)
    listener = Notes()
    begun(shared_folder, tmp_path / "module", listener).announce("Training", bfloat16)
    assert listener.notes[-1] == f"Training {said}"


@pytest.mark.skipif(os.name != "posix", reason="there are locks on POSIX systems only")
def test_two_runs_never_train_into_one_folder(shared_folder: Path, tmp_path: Path) -> None:
    with begun(shared_folder, tmp_path / "module") as first:
        with pytest.raises(OutputError, match="module is being written by another process; wait for it"):
            begun(tmp_path / "gone", tmp_path / "module")  # before the data is looked at
        with begun(shared_folder, tmp_path / "other"):
            pass
    with begun(shared_folder, tmp_path / "module") as second:
        assert second.output == first.output  # which still stands, as in a notebook


@pytest.mark.skipif(os.name != "posix", reason="there are locks on POSIX systems only")
def test_data_that_cannot_be_read_leaves_no_folder(tmp_path: Path) -> None:
    with pytest.raises(HandleError, match="does not exist"):
        begun(tmp_path / "gone", tmp_path / "new" / "module")
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_made(shared_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="module cannot be written .Not a directory.; make room"):
        begun(shared_folder, tmp_path / "file" / "module")
