"""Fine-tuning, from a folder of photos to a module; runs that are interrupted, and mistakes."""

import json
import shutil
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers.command import run
from helpers.int8_arrays import int8_arrays
from helpers.precisions import HAS_BF16
from safetensors.numpy import load_file

from inception_hub import load_module_spec
from inception_hub.bundle import add_int8
from inception_hub.errors import FormatError
from inception_hub.training import loop
from inception_hub.training.finetune import finetune, finetune_recipe, sizes
from inception_hub.training.finetune_options import FinetuneOptions
from inception_hub.training.listener import CaptionedImages, RunListener

QUICK = ("--epochs", "2", "--batch-size", "8", "--image-size", "32")
HEAD = "InceptionV2/Logits/Conv2d_1c_1x1/"


def weights(module: Path) -> dict[str, np.ndarray]:
    return load_file(module / "weights.safetensors")


def differing(first: Path, second: Path) -> set[str]:
    """The body's variables that are not equal to the bit."""
    mine, others = weights(first), weights(second)
    return {n for n in mine if not n.startswith(HEAD) and not np.array_equal(mine[n], others[n])}


def test_a_folder_of_photos_becomes_a_module(
    capsys: pytest.CaptureFixture[str], folder: Path, small_module: Path, tmp_path: Path
) -> None:
    module = tmp_path / "colours"
    command = ("finetune", folder, "--module", small_module, "--output", module)
    code, out, err = run(capsys, *command, *QUICK)
    assert code == 0
    assert f"Module: {module}" in out
    assert "colours on 3 photos of photos validation\n  top-1 100.00%, 95% interval 43.9%" in out
    assert "top-5" not in out + err
    assert "train: 27 photos of 3 classes, 9 each" in err
    assert "validation: 3 photos of 3 classes, 1 each" in err
    assert "\nhead: validation loss " in err and "\nepoch 2: loss " in err
    (kept,) = [line for line in err.splitlines() if line.startswith("Kept: ")]
    assert err.index("head                ") < err.index(kept), "the figures before the sentence"

    spec = load_module_spec(module)
    assert spec.bundle.labels.names == ("blue", "green", "red") and spec.image_size == (32, 32)
    assert spec.bundle.provenance.source == "fine-tuned on photos from small (random numbers)"
    calibration = spec.bundle.calibration
    assert calibration is not None and sorted(calibration["classes"]) == [0, 1, 2], "the validation photos"
    assert len(calibration["means"]) == 3
    (accuracy,) = spec.bundle.accuracy
    assert set(accuracy) == {"data", "images", "top1", "ece"}
    assert (accuracy["images"], accuracy["top1"]) == (3, 1.0)
    card = (module / "README.md").read_text("utf-8")
    assert "| photos validation | 3 | 100.00% | 43.9% to 100.0% |" in card
    assert "Calibrated on 3 validation photos, so `inception-hub classify --coverage`" in card
    assert "2 of 2 (2 at 32 px, crops of 30%" in card and kept in card and "top-5" not in card
    page = (module / "report.html").read_text("utf-8")
    assert "<h1>colours: photos</h1>" in page and "<svg" in page and f"<p>{kept}</p>" in page
    assert [path.name for path in (tmp_path / "colours.run").iterdir()] == ["tensorboard"]

    code, out, _ = run(capsys, "classify", folder / "red" / "3.png", "--module", module, "--format", "jsonl")
    assert json.loads(out)["predictions"][0]["label"] == "red"
    code, out, _ = run(capsys, "evaluate", module, folder, "--split", "train", "--json")
    assert (json.loads(out)["top1"], json.loads(out)["images"]) == (1.0, 30)
    code, out, err = run(capsys, *command, *QUICK)
    assert code == 2 and "exists and is left as it is" in err


@pytest.mark.usefixtures("no_matplotlib")
def test_the_head_alone_leaves_the_body_to_the_bit(
    capsys: pytest.CaptureFixture[str], folder: Path, small_module: Path, tmp_path: Path
) -> None:
    module = tmp_path / "head"
    code, out, _ = run(
        capsys, "finetune", folder, "--module", small_module, "--output", module, "--phases", "head"
    )
    assert code == 0 and "top-1 100.00%" in out
    assert not differing(module, small_module)
    assert weights(module)[f"{HEAD}weights"].shape == (1, 1, 256, 3)


@pytest.mark.usefixtures("no_matplotlib")
@pytest.mark.parametrize(("phases", "kept"), [("both", "the head, as no epoch"), ("full", "epoch 1, whose")])
def test_the_head_is_kept_where_training_is_worse_and_there_was_one(
    capsys: pytest.CaptureFixture[str],
    folder: Path,
    small_module: Path,
    tmp_path: Path,
    phases: str,
    kept: str,
) -> None:
    module = tmp_path / "made"
    command = ("finetune", folder, "--module", small_module, "--output", module, *QUICK)
    ruinous = ("--epochs", 1, "--learning-rate", 0.3, "--precision", "f32")
    code, _, err = run(capsys, *command, *ruinous, "--phases", phases)
    assert code == 0 and f"Kept: {kept}" in err
    assert bool(differing(module, small_module)) == (phases == "full")


@pytest.mark.usefixtures("no_matplotlib")
def test_nothing_made_of_the_base_s_weights_stays(
    capsys: pytest.CaptureFixture[str], shared_folder: Path, small_module: Path, tmp_path: Path
) -> None:
    base, module = shutil.copytree(small_module, tmp_path / "base"), tmp_path / "colours"
    add_int8(base, int8_arrays(load_module_spec(base).bundle.architecture), {"data": "others", "top1": 0.5})
    given = load_module_spec(base).bundle
    assert given.int8 is not None and [figures["data"] for figures in given.accuracy] == ["others"]
    command = ("finetune", shared_folder, "--module", base, "--output", module, "--phases", "head")
    assert run(capsys, *command, "--image-size", 32)[0] == 0
    made = load_module_spec(module).bundle
    assert made.int8 is None
    assert [figures["data"] for figures in made.accuracy] == ["photos validation"]


@pytest.mark.usefixtures("no_matplotlib")
@pytest.mark.parametrize("policy", ["update", "frozen"])
def test_statistics_follow_the_policy(
    capsys: pytest.CaptureFixture[str], folder: Path, small_module: Path, tmp_path: Path, policy: str
) -> None:
    module = tmp_path / policy
    command = ("finetune", folder, "--module", small_module, "--output", module, "--batch-norm", policy)
    code, _, _ = run(capsys, *command, *QUICK, "--epochs", 1, "--phases", "full", "--patience", 0)
    assert code == 0
    changed = differing(module, small_module)
    statistics = {name for name in weights(module) if "moving_" in name}
    assert changed & statistics == (statistics if policy == "update" else set())
    assert changed - statistics == {n for n in weights(module) if "moving_" not in n and HEAD not in n}


@pytest.mark.usefixtures("no_matplotlib")
def test_a_seed_s_module_comes_again_and_another_seed_s_is_another(
    capsys: pytest.CaptureFixture[str], shared_folder: Path, small_module: Path, tmp_path: Path
) -> None:
    for name, seed in (("first", 1), ("second", 1), ("other", 2)):
        command = ("finetune", shared_folder, "--module", small_module, "--output", tmp_path / name, *QUICK)
        assert (
            run(capsys, *command, "--epochs", 1, "--phases", "full", "--patience", 0, "--seed", seed)[0] == 0
        )
    assert not differing(tmp_path / "first", tmp_path / "second")
    assert differing(tmp_path / "first", tmp_path / "other")


class Stop(RunListener):
    """Presses Ctrl-C after so many steps of the second phase."""

    def __init__(self, steps: int) -> None:
        self.steps = steps
        self.seen: list[str] = []
        self.notes: list[str] = []

    def note(self, message: str) -> None:
        self.notes.append(message)

    def progress(self, task: str, done: int, total: int) -> None:
        if task not in self.seen:
            self.seen.append(task)
        if task == "whole network" and done == self.steps:
            raise KeyboardInterrupt

    def images(self, name: str, images: CaptionedImages) -> None:
        assert [caption for caption, _ in images][:2] == ["original", "epoch 1"]


SHORT = FinetuneOptions(epochs=2, batch_size=8, image_size=32, bfloat16=HAS_BF16)


def interrupted(folder: Path, small_module: Path, output: Path, steps: int) -> None:
    with pytest.raises(KeyboardInterrupt):
        finetune(str(folder), output, load_module_spec(small_module), options=SHORT, listener=Stop(steps))


@pytest.fixture(scope="module")
def uninterrupted(shared_folder: Path, small_module: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The weights file of a run from beginning to end."""
    output = tmp_path_factory.mktemp("whole") / "whole"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("INCEPTION_HUB_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setitem(sys.modules, "matplotlib", None)
        finetune(str(shared_folder), output, load_module_spec(small_module), options=SHORT)
    return (output / "weights.safetensors").read_bytes()


@pytest.mark.usefixtures("no_matplotlib")
@pytest.mark.parametrize("steps", [1, 4])
def test_the_same_command_resumes_a_run(
    uninterrupted: bytes,
    shared_folder: Path,
    small_module: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    steps: int,
) -> None:
    monkeypatch.setattr(loop, "SAVE_EVERY", 0.0)
    interrupted(shared_folder, small_module, tmp_path / "halved", steps)
    assert not (tmp_path / "halved").exists()
    again = Stop(99)
    base = load_module_spec(small_module)
    finetune(str(shared_folder), tmp_path / "halved", base, options=SHORT, listener=again)
    assert "training features" not in again.seen, "they were kept"
    resumed = [note for note in again.notes if note.startswith("Continuing at epoch ")]
    assert resumed == (["Continuing at epoch 2 of 2."] if steps > 1 else [])
    assert (tmp_path / "halved" / "weights.safetensors").read_bytes() == uninterrupted


@pytest.mark.usefixtures("no_matplotlib")
def test_other_data_and_damage_are_refused_and_nothing_is_lost(
    folder: Path, small_module: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "SAVE_EVERY", 0.0)
    base = load_module_spec(small_module)
    interrupted(folder, small_module, tmp_path / "out", 4)
    checkpoint = tmp_path / "out.run" / "checkpoint.safetensors"
    saved = checkpoint.read_bytes()
    shutil.copy(folder / "red" / "0.png", folder / "blue" / "new.png")
    with pytest.raises(FormatError, match="was begun with other photos; give what it was begun with"):
        finetune(str(folder), tmp_path / "out", base, options=SHORT)
    assert checkpoint.read_bytes() == saved
    (folder / "blue" / "new.png").unlink()
    features = (tmp_path / "out.run" / "features" / "training.vectors").read_bytes()
    later = Stop(99)
    with pytest.raises(FormatError, match="was begun with --epochs 2, not 3; give what it was begun with"):
        finetune(str(folder), tmp_path / "out", base, options=replace(SHORT, epochs=3), listener=later)
    assert not any(note.startswith("Fine-tuning ") for note in later.notes), "nothing is announced"
    assert (tmp_path / "out.run" / "features" / "training.vectors").read_bytes() == features, "nor computed"
    checkpoint.write_bytes(saved[:-1])
    with pytest.raises(FormatError, match="checkpoint .* is damaged"):
        finetune(str(folder), tmp_path / "out", base, options=SHORT)
    checkpoint.write_bytes(saved)
    assert finetune(str(folder), tmp_path / "out", base, options=SHORT)


@pytest.mark.usefixtures("no_matplotlib")
def test_a_photo_that_cannot_be_read_is_named_and_left_out(
    capsys: pytest.CaptureFixture[str], folder: Path, small_module: Path, tmp_path: Path
) -> None:
    broken = folder / "red" / "0.png"
    broken.write_bytes(broken.read_bytes()[:200])
    shutil.copy(folder / "red" / "1.png", folder / "red" / "copy.png")
    code, _, err = run(
        capsys, "finetune", folder, "--module", small_module, "--output", tmp_path / "m", "--phases", "head"
    )
    assert code == 0
    (line,) = [line for line in err.splitlines() if "photos cannot be read" in line]
    assert line.startswith("1 of 4 validation photos cannot be read: ") and "red/0.png: " in line
    assert "0.png" in (tmp_path / "m" / "report.html").read_text("utf-8")


def mistake(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """The one line that is said of it."""
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (2, "")
    (line,) = [line for line in err.splitlines() if line.startswith("inception-hub: ")]
    return line


def remove(paths: Sequence[Path]) -> None:
    for path in paths:
        path.unlink()


def test_mistakes_are_one_line_and_leave_nothing(
    capsys: pytest.CaptureFixture[str], folder: Path, small_module: Path, tmp_path: Path
) -> None:
    output = tmp_path / "out"
    command = ("finetune", folder, "--module", small_module, "--output", output, *QUICK)
    assert "The loss became" in mistake(capsys, *command, "--learning-rate", 1e30, "--phases", "full")
    assert "does not exist" in mistake(capsys, "finetune", tmp_path / "gone", "--output", output)
    remove(sorted((folder / "red").iterdir())[1:])
    assert "'red' has one photo" in mistake(capsys, *command)
    shutil.rmtree(folder / "red")
    shutil.rmtree(folder / "green")
    assert "has one class only ('blue'); fine-tuning needs two or more" in mistake(capsys, *command)
    remove(sorted((folder / "blue").iterdir()))
    assert "holds no images" in mistake(capsys, *command)
    assert not output.exists()


def test_labels_that_the_module_does_not_have(
    capsys: pytest.CaptureFixture[str], folder: Path, small_module: Path
) -> None:
    assert "3 of the 3 classes of the data are unknown to small, such as 'blue'" in mistake(
        capsys, "evaluate", small_module, folder
    )
    assert "has no split 'holdout'; it is not split: leave --split out" in mistake(
        capsys, "evaluate", small_module, folder, "--split", "holdout"
    )


@pytest.mark.parametrize(
    "options, expected",
    [
        (FinetuneOptions(), (128, (160, 160))),
        (FinetuneOptions(image_size=96), (96, (96, 96))),
        (FinetuneOptions(training_size=96), (96, (128, 128))),
        (FinetuneOptions(image_size=224, training_size=192), (192, (224, 224))),
    ],
    ids=["neither", "image size", "training size", "both"],
)
def test_inference_is_at_a_larger_size_than_training(
    options: FinetuneOptions, expected: tuple[int, tuple[int, int]]
) -> None:
    assert sizes((128, 128), options) == expected
    assert [sizes((size, size), FinetuneOptions())[1][0] for size in (32, 64, 96, 224)] == [32, 64, 128, 288]


def test_the_data_s_size_decides_the_recipe() -> None:
    counts = (100, 3_119, 60_000)
    recipes = [finetune_recipe(images, 96, FinetuneOptions()) for images in counts]
    assert [recipe.cycles[0].phases[0].epochs for recipe in recipes] == [30, 16, 4]
    assert [recipe.batch_size for recipe in recipes] == [32, 64, 128]
    larger = finetune_recipe(100, 128, FinetuneOptions())
    assert larger.cycles[0].phases[0].size == 128
    assert larger.pixels == 160
    chosen = finetune_recipe(100, 96, FinetuneOptions(epochs=2, batch_size=16, average=0, patience=0))
    assert (chosen.cycles[0].phases[0].epochs, chosen.batch_size) == (2, 16)
    assert chosen.average is None and chosen.patience is None
