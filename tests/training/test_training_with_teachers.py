"""Training with teachers: the loss of both by share, the command line, resuming with the same teacher."""

import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from helpers import runs
from helpers.colour_photos import COLOURS
from helpers.command import run
from helpers.precisions import HAS_BF16, needs_bf16
from helpers.runs import RECIPE, tiny_run
from helpers.teachers import ABC, labels_named, load_teachers, write_teacher

from inception_hub import load_module_spec
from inception_hub.errors import FormatError
from inception_hub.training import loop
from inception_hub.training.augmentation import Augmentation
from inception_hub.training.distillation import Distillation
from inception_hub.training.finetune import finetune
from inception_hub.training.finetune_options import FinetuneOptions
from inception_hub.training.from_scratch import train_from_scratch
from inception_hub.training.listener import RunListener
from inception_hub.training.loop import train
from inception_hub.training.recipes import AdamW, Cycle, Phase, Recipe
from inception_hub.training.teacher import Teachers
from inception_hub.training.training_data import Photos
from inception_hub.training.workers import Workers

CPU = torch.device("cpu")


def one_epoch(how: Augmentation, batch_size: int) -> Recipe:
    cycle = Cycle((Phase(1, 32, how),), 1e-3, warmup=0.0)
    return replace(RECIPE, cycles=(cycle,), batch_size=batch_size)


TWO_STEPS = one_epoch(runs.AUGMENTATION, 6)


def trained(
    workers: Workers,
    checkpoint: Path,
    teachers: Teachers | None,
    recipe: Recipe = TWO_STEPS,
    **changes: Any,
) -> tuple[str, float]:
    """A digest of the weights after a run of one epoch, and its loss."""
    network = runs.network()
    (epoch,) = train(network, tiny_run(checkpoint, recipe, teachers=teachers, **changes), workers)
    return runs.digest(network), epoch.train_loss


@pytest.mark.parametrize("bfloat16", [False, pytest.param(True, marks=needs_bf16)])
def test_without_a_share_training_is_the_plain_one(
    workers: Workers, first: str, tmp_path: Path, bfloat16: bool
) -> None:
    plain = trained(workers, tmp_path / "plain", None, bfloat16=bfloat16)
    assert trained(workers, tmp_path / "none", load_teachers(first, share=0), bfloat16=bfloat16) == plain
    assert trained(workers, tmp_path / "some", load_teachers(first, share=0.1), bfloat16=bfloat16) != plain


def test_with_all_of_the_loss_only_the_teacher_counts(workers: Workers, first: str, tmp_path: Path) -> None:
    photos = runs.photos()
    other = Photos(photos.images, photos.aspects, photos.classes.flip(0))
    for share, same in ((1.0, True), (0.9, False)):
        one, another = (
            trained(workers, tmp_path / f"{share} {name}", load_teachers(first, share=share), photos=given)
            for name, given in (("one", photos), ("other", other))
        )
        assert (one == another) is same


def test_the_loss_is_the_mean_of_both_by_share(workers: Workers, first: str, tmp_path: Path) -> None:
    """Of one step, the first, before which all networks are the same."""
    recipe = one_epoch(Augmentation(), 12)
    asked: list[torch.Tensor] = []

    class Recording(Teachers):
        def loss(self, student_logits: torch.Tensor, images: torch.Tensor) -> torch.Tensor:
            asked.append(super().loss(student_logits, images))
            return asked[-1]

    def loss(share: float) -> float:
        teachers = Recording.load(Distillation((first,), share), ABC, CPU)
        return trained(workers, tmp_path / str(share), teachers, recipe)[1]

    plain, taught = loss(0.0), loss(1.0)
    assert loss(0.3) == pytest.approx(0.7 * plain + 0.3 * taught, rel=1e-6)
    assert taught == pytest.approx(float(asked[0].detach().mean())) and asked[0].shape == (12,)
    assert abs(plain - taught) > 0.01


def test_a_taught_student_is_closer_to_its_teacher(workers: Workers, first: str, tmp_path: Path) -> None:
    teachers = load_teachers(first, share=1.0, temperature=2.0)
    before = {name: v.clone() for net in teachers._networks for name, v in net.state_dict().items()}
    photos = runs.photos(24, 32)
    seen = photos.images.float() / 255
    # The student is compared by statistics of the batch: the moving ones need more steps than these.
    recipe = replace(
        RECIPE,
        cycles=(Cycle((Phase(4, 32, Augmentation(min_area=0.9)),), 5e-3),),
        optimiser=AdamW(weight_decay=0.0),
        batch_size=12,
        dropout=False,
    )

    def distance(given: Teachers | None) -> float:
        network = runs.network()
        checkpoint = tmp_path / str(given is None)
        train(network, tiny_run(checkpoint, recipe, photos=photos, teachers=given), workers)
        with torch.no_grad():
            logits = network(seen, batch_statistics=True)["InceptionV2/Logits"]
        return float(teachers.loss(logits, seen).mean())

    assert distance(teachers) < 0.5 * distance(None)
    for network in teachers._networks:
        assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
        assert not any(value.requires_grad for value in network.parameters())


QUICK = ("--epochs", 1, "--batch-size", 8, "--image-size", 32)


def test_finetune_with_two_teachers(
    capsys: pytest.CaptureFixture[str], folder: Path, small_module: Path, tmp_path: Path
) -> None:
    one = write_teacher(tmp_path / "one", labels_named("red", "green", "blue"))
    other = write_teacher(tmp_path / "other", labels_named("green", "red", "grey", "blue"), seed=2)
    module = tmp_path / "taught"
    command = ("finetune", folder, "--module", small_module, "--output", module, *QUICK)
    taught = ("--teacher", one, "--teacher", other, "--teacher-share", 0.25, "--temperature", 3)
    code, out, _ = run(capsys, *command, *taught)
    assert code == 0 and f"Module: {module}" in out
    described = "one, other; share 0.25, temperature 3"
    assert f"| teacher | {described} |" in (module / "README.md").read_text("utf-8")
    assert described in (module / "report.html").read_text("utf-8")
    assert load_module_spec(module).labels.names == ("blue", "green", "red")


@pytest.mark.usefixtures("no_matplotlib")
def test_the_defaults_are_those_of_the_docs(
    capsys: pytest.CaptureFixture[str], folder: Path, small_module: Path, tmp_path: Path
) -> None:
    teacher = write_teacher(tmp_path / "one", labels_named(*COLOURS))
    command = ("finetune", folder, "--module", small_module, "--output", tmp_path / "m", *QUICK)
    assert run(capsys, *command, "--phases", "full", "--teacher", teacher)[0] == 0
    card = (tmp_path / "m" / "README.md").read_text("utf-8")
    _, out, _ = run(capsys, "finetune", "--help")
    share, temperature = re.findall(r"\[default:\s+([0-9.]+)\]", out[out.index("--teacher-share") :])[:2]
    assert f"| teacher | one; share {share}, temperature {temperature} |" in card


def test_mistakes_are_one_line_and_leave_nothing(
    capsys: pytest.CaptureFixture[str], folder: Path, small_module: Path, tmp_path: Path
) -> None:
    output = tmp_path / "out"
    tuning = ("finetune", folder, "--module", small_module, "--output", output)
    training = ("train", "tiny-imagenet", folder, "--output", output)
    good = write_teacher(tmp_path / "good", labels_named(*COLOURS))

    def mistake(*arguments: object) -> str:
        code, out, err = run(capsys, *arguments)
        assert (code, out) == (2, "") and not output.exists()
        (line,) = [line for line in err.splitlines() if line.startswith("inception-hub: ")]
        return line

    for command in (tuning, training):
        message = mistake(*command, "--teacher", small_module)
        assert "The teacher 'small' does not fit the data: 3 of the 3 classes" in message
        assert "'blue'" in message
        assert "does not exist" in mistake(*command, "--teacher", tmp_path / "gone")
        assert "The temperature is 0.0;" in mistake(*command, "--teacher", good, "--temperature", 0)
        assert "teacher_share is of teachers, and there is none" in mistake(*command, "--teacher-share", 0.3)
        assert run(capsys, *command, "--teacher", good, "--teacher-share", 1.5)[0] == 2
    assert "phases is 'head', where none is asked" in mistake(*tuning, "--teacher", good, "--phases", "head")


def stored(module: Path) -> bytes:
    return (module / "weights.safetensors").read_bytes()


class Stop(RunListener):
    """Presses Ctrl-C in the second epoch, after the first was saved."""

    def progress(self, task: str, done: int, total: int) -> None:
        if task in ("whole network", "training") and done == total // 2 + 1:
            raise KeyboardInterrupt


@pytest.mark.usefixtures("no_matplotlib")
def test_a_run_is_resumed_with_the_same_teacher(
    folder: Path, small_module: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "SAVE_EVERY", 0.0)
    base = load_module_spec(small_module)
    handle = write_teacher(tmp_path / "one", labels_named(*COLOURS))
    given = Distillation((handle,), 0.25, 3.0)

    def tune(distillation: Distillation | None, name: str = "m", listener: RunListener | None = None) -> None:
        short = FinetuneOptions(
            "full", 2, batch_size=12, image_size=32, bfloat16=HAS_BF16, distillation=distillation
        )
        finetune(str(folder), tmp_path / name, base, options=short, listener=listener)

    with pytest.raises(KeyboardInterrupt):
        tune(given, listener=Stop())
    for other, what in (
        (None, "other teachers"),
        (replace(given, share=0.3), "--teacher-share 0.25, not 0.3"),
        (replace(given, temperature=2.0), "--temperature 3.0, not 2.0"),
    ):
        with pytest.raises(FormatError, match=f"was begun with {what}"):
            tune(other)
    moved = shutil.copytree(handle, tmp_path / "moved" / "one")
    tune(replace(given, teachers=(str(moved),)))
    tune(given, "whole")
    tune(None, "plain")
    assert stored(tmp_path / "m") == stored(tmp_path / "whole") != stored(tmp_path / "plain")


@pytest.mark.usefixtures("no_matplotlib", "thin")
def test_a_recipe_with_a_teacher(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "SAVE_EVERY", 0.0)
    handle = write_teacher(tmp_path / "one", labels_named(*COLOURS))
    cycle = Cycle((Phase(2, 32, Augmentation()),), 1e-3)
    recipe = Recipe("short", (cycle,), AdamW(0.05), batch_size=24, image_size=32)
    given = Distillation((handle,), 0.75)

    def learn(
        distillation: Distillation | None, name: str = "m", listener: RunListener | None = None
    ) -> None:
        output = tmp_path / name
        train_from_scratch(
            recipe, str(folder), output, bfloat16=False, distillation=distillation, listener=listener
        )

    with pytest.raises(KeyboardInterrupt):
        learn(given, listener=Stop())
    half = replace(given, share=0.5)
    for other, what in ((None, "other teachers"), (half, "--teacher-share 0.75, not 0.5")):
        with pytest.raises(FormatError, match=f"was begun with {what}"):
            learn(other)
    learn(given)
    learn(None, "plain")
    assert stored(tmp_path / "m") != stored(tmp_path / "plain")
    card = (tmp_path / "m" / "README.md").read_text("utf-8")
    assert "| teacher | one; share 0.75, temperature 2 |" in card
