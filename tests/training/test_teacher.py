"""Knowledge distillation: its loss against the formula, classes matched, and runs with a teacher."""

import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from helpers import runs
from helpers.command import run
from helpers.runs import RECIPE, tiny_run
from helpers.weights_from_seed import random_weights
from numpy.typing import NDArray
from PIL import Image

from inception_hub import Module, bundle, load_module_spec
from inception_hub.architecture import Architecture
from inception_hub.errors import ArgumentError, FormatError
from inception_hub.labels import Labels
from inception_hub.training.augmentation import Augmentation
from inception_hub.training.finetune import Options, finetune
from inception_hub.training.job import Photos
from inception_hub.training.listener import Watch
from inception_hub.training.loop import train
from inception_hub.training.recipes import AdamW, Cycle, Phase, Recipe
from inception_hub.training.run import train_from_scratch
from inception_hub.training.teacher import Distillation, Teachers
from inception_hub.training.workers import Workers

CPU = torch.device("cpu")
COLOURS = {"blue": (40, 60, 200), "green": (60, 180, 60), "red": (200, 60, 40)}


def named(*names: str) -> Labels:
    return Labels(names, (None,) * len(names))


ABC = named("a", "b", "c")


def make(directory: Path, labels: Labels = ABC, seed: int = 1) -> str:
    """The handle of a new module: a thin network of random weights."""
    architecture = Architecture(0.25, len(labels))
    weights = random_weights({name: v.shape for name, v in architecture.variables.items()}, seed)
    provenance = bundle.Provenance("random numbers", "Apache-2.0")
    size = (64, 64)
    bundle.write(bundle.Bundle(directory.name, architecture, weights, labels, provenance, size), directory)
    return str(directory)


def load(*handles: str, labels: Labels = ABC, **numbers: float) -> Teachers:
    return Teachers.load(Distillation(handles, **numbers), labels, CPU)


def images(count: int = 4) -> torch.Tensor:
    return torch.rand(count, 32, 32, 3, generator=torch.Generator().manual_seed(0))


def logits(handle: str) -> NDArray[np.float64]:
    """What the module behind `handle` answers to `images()`."""
    return Module(handle, engine="torch")(images().numpy()).astype(np.float64)


def softmax(values: NDArray[np.float64]) -> NDArray[np.float64]:
    powers = np.exp(values - values.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> str:
    return make(tmp_path_factory.mktemp("teachers") / "first")


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory) -> str:
    return make(tmp_path_factory.mktemp("teachers") / "second", seed=2)


@pytest.fixture(scope="module")
def workers() -> Workers:
    return Workers()


@pytest.mark.parametrize("temperature", [0.5, 1.0, 4.0])
@pytest.mark.parametrize("ensemble", [False, True])
def test_the_loss_is_the_formula(first: str, second: str, temperature: float, ensemble: bool) -> None:
    """Hinton, Vinyals and Dean: T^2 times the Kullback-Leibler divergence at temperature T."""
    handles = (first, second) if ensemble else (first,)
    student = np.random.default_rng(0).normal(size=(4, 3)) * 3
    p = np.mean([softmax(logits(handle) / temperature) for handle in handles], 0)
    q = softmax(student / temperature)
    expected = temperature**2 * (p * (np.log(p) - np.log(q))).sum(1)

    teachers = load(*handles, temperature=temperature)
    found = teachers.probabilities(images())
    assert found.dtype == torch.float32 and not found.requires_grad
    np.testing.assert_allclose(found.numpy(), p, atol=2e-6)
    loss = teachers.loss(torch.from_numpy(student), images())
    assert loss.dtype == torch.float64
    np.testing.assert_allclose(loss.numpy(), expected, rtol=1e-4, atol=1e-5)
    assert float(loss.min()) > 1e-3, "there is something to learn"


def test_the_student_who_agrees_has_nothing_to_learn(first: str) -> None:
    teachers = load(first, temperature=3.0)
    student = 3.0 * teachers.probabilities(images()).double().log()
    assert float(teachers.loss(student, images()).abs().max()) < 1e-6


def test_gradients_reach_the_student_alone(first: str, second: str) -> None:
    """The gradient is T * (student's - teachers' probabilities), as the formula's derivative says."""
    teachers = load(first, second, temperature=2.5)
    student = torch.randn(4, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    student.requires_grad_()
    seen = images().requires_grad_()
    teachers.loss(student, seen).sum().backward()
    assert student.grad is not None and seen.grad is None
    expected = 2.5 * ((student.detach() / 2.5).softmax(1) - teachers.probabilities(images()).double())
    torch.testing.assert_close(student.grad, expected, rtol=0, atol=1e-6)
    assert torch.autograd.gradcheck(lambda values: teachers.loss(values, images()), student)


def test_teachers_follow_the_student_s_autocast(first: str) -> None:
    teachers = load(first)
    exact = teachers.probabilities(images())
    with torch.autocast("cpu", torch.bfloat16):
        rounded = teachers.probabilities(images())
    assert rounded.dtype == torch.float32 and 0 < float((rounded - exact).abs().max()) < 0.1


def test_the_order_of_classes_is_the_student_s(first: str) -> None:
    found = load(first, labels=named("C", "a", "b")).probabilities(images())
    torch.testing.assert_close(found, load(first).probabilities(images())[:, [2, 0, 1]])


def test_classes_that_the_student_does_not_have_are_left_out(tmp_path: Path) -> None:
    handle = make(tmp_path / "wide", named("z", "b", "y", "a", "c"))
    found = load(handle, temperature=2.0).probabilities(images())
    expected = softmax(logits(handle)[:, [3, 1, 4]] / 2.0)
    np.testing.assert_allclose(found.numpy(), expected, atol=2e-6)


def test_classes_are_matched_by_wordnet_id(tmp_path: Path) -> None:
    handle = make(tmp_path / "ids", Labels(("x", "y"), ("n00000001", "n00000002")))
    found = load(handle, labels=Labels(("x", "y"), ("n00000002", "n00000001"))).probabilities(images())
    np.testing.assert_allclose(found.numpy(), softmax(logits(handle)[:, ::-1] / 2.0), atol=2e-6)


def test_teachers_that_do_not_fit_are_refused(first: str, tmp_path: Path) -> None:
    with pytest.raises(ArgumentError) as told:
        load(first, labels=named("a", "b", "d"))
    assert str(told.value) == (
        "The teacher 'first' does not fit the data: 1 of the 3 classes of the data are unknown to the "
        "module, such as 'd'; it has 'a', 'b', 'c': rename the classes after it, or fine-tune a module "
        "on them."
    )
    vectors = tmp_path / "vectors"
    bundle.write(replace(load_module_spec(first).bundle.without_head(), name="vectors"), vectors)
    with pytest.raises(ArgumentError) as told:
        load(first, str(vectors))
    assert str(told.value) == (
        "The teacher 'vectors' is a feature vector module without classes; "
        "give a module that has the 3 classes of the data."
    )


@pytest.mark.parametrize(
    "given, told",
    [
        (dict(teachers=()), "no teacher; give the handle of one module or more"),
        (dict(share=1.1), r"share is 1.1; give a number in \[0, 1\]"),
        (dict(share=float("nan")), "share is nan"),
        (dict(temperature=0.0), "temperature is 0.0; give a finite number above 0"),
        (dict(temperature=float("inf")), "temperature is inf"),
    ],
)
def test_numbers_out_of_range_are_refused(given: dict[str, Any], told: str) -> None:
    with pytest.raises(ArgumentError, match=told):
        Distillation(**{"teachers": ("one",), **given})


def test_identity_is_of_all_that_decides(first: str, second: str, tmp_path: Path) -> None:
    base = load(first).identity()
    copy = shutil.copytree(first, tmp_path / "copy")
    assert load(str(copy)).identity() == base, "whatever the path"
    others = [
        load(second),
        load(first, second),
        load(first, share=0.4),
        load(first, temperature=3.0),
        load(first, labels=named("b", "a", "c")),
    ]
    assert all(other.identity() != base for other in others)
    assert load(first, second).describe() == "first, second; share 0.5, temperature 2"


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


@pytest.mark.parametrize("bfloat16", [False, True])
def test_without_a_share_training_is_the_plain_one(
    workers: Workers, first: str, tmp_path: Path, bfloat16: bool
) -> None:
    plain = trained(workers, tmp_path / "plain", None, bfloat16=bfloat16)
    assert trained(workers, tmp_path / "none", load(first, share=0), bfloat16=bfloat16) == plain
    assert trained(workers, tmp_path / "some", load(first, share=0.1), bfloat16=bfloat16) != plain


def test_with_all_of_the_loss_only_the_teacher_counts(workers: Workers, first: str, tmp_path: Path) -> None:
    photos = runs.photos()
    other = Photos(photos.images, photos.aspects, photos.classes.flip(0))
    for share, same in ((1.0, True), (0.9, False)):
        found = [
            trained(workers, tmp_path / f"{share} {name}", load(first, share=share), photos=given)
            for name, given in (("one", photos), ("other", other))
        ]
        assert (found[0] == found[1]) is same


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
    teachers = load(first, share=1.0, temperature=2.0)
    before = {name: v.clone() for net in teachers._networks for name, v in net.state_dict().items()}
    photos = runs.photos(24, 32)
    seen = photos.images.float() / 255
    # What a student is asked after these steps: by the batch, as it has seen too few for moving statistics.
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
            answer = network(seen, batch_statistics=True)["InceptionV2/Logits"]
        return float(teachers.loss(answer, seen).mean())

    assert distance(teachers) < 0.5 * distance(None)
    for network in teachers._networks:
        assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
        assert not any(value.requires_grad for value in network.parameters())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three classes of ten noisy photos, 40 x 48."""
    generator = np.random.default_rng(0)
    for name, colour in COLOURS.items():
        (tmp_path / "photos" / name).mkdir(parents=True)
        for number in range(10):
            noise = generator.integers(-40, 40, (48, 40, 3))
            Image.fromarray((np.array(colour) + noise).clip(0, 255).astype(np.uint8)).save(
                tmp_path / "photos" / name / f"{number}.png"
            )
    return tmp_path / "photos"


QUICK = ("--epochs", 2, "--batch-size", 8, "--image-size", 32)


def test_finetune_with_two_teachers(
    capsys: pytest.CaptureFixture[str], folder: Path, small_module: Path, tmp_path: Path
) -> None:
    one = make(tmp_path / "one", named("red", "green", "blue"))
    other = make(tmp_path / "other", named("green", "red", "grey", "blue"), seed=2)
    module = tmp_path / "taught"
    command = ("finetune", folder, "--module", small_module, "--output", module, *QUICK)
    taught = ("--teacher", one, "--teacher", other, "--teacher-share", 0.25, "--temperature", 3)
    code, out, _ = run(capsys, *command, *taught)
    assert code == 0 and f"Module: {module}" in out
    told = "one, other; share 0.25, temperature 3"
    assert f"| teacher | {told} |" in (module / "README.md").read_text("utf-8")
    assert told in (module / "report.html").read_text("utf-8")
    assert load_module_spec(module).labels.names == ("blue", "green", "red")


def test_the_defaults_are_those_of_the_docs(
    capsys: pytest.CaptureFixture[str], folder: Path, small_module: Path, tmp_path: Path
) -> None:
    teacher = make(tmp_path / "one", named(*COLOURS))
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
    good = make(tmp_path / "good", named(*COLOURS))

    def mistake(*arguments: object) -> str:
        code, out, err = run(capsys, *arguments)
        assert (code, out) == (2, "") and not output.exists()
        (line,) = [line for line in err.splitlines() if line.startswith("inception-hub: ")]
        return line

    for command in (tuning, training):
        told = mistake(*command, "--teacher", small_module)
        assert "The teacher 'small' does not fit the data: 3 of the 3 classes" in told and "'blue'" in told
        assert "does not exist" in mistake(*command, "--teacher", tmp_path / "gone")
        assert "The temperature is 0.0;" in mistake(*command, "--teacher", good, "--temperature", 0)
        assert "are for --teacher MODULE" in mistake(*command, "--teacher-share", 0.3)
        assert run(capsys, *command, "--teacher", good, "--teacher-share", 1.5)[0] == 2
    assert "phases is 'head', where none is asked" in mistake(*tuning, "--teacher", good, "--phases", "head")


def stored(module: Path) -> bytes:
    return (module / "weights.safetensors").read_bytes()


class Stop(Watch):
    """Presses Ctrl-C in the second epoch, after the first was saved."""

    def progress(self, what: str, done: int, total: int) -> None:
        if what in ("whole network", "training") and done == total // 2 + 1:
            raise KeyboardInterrupt


def test_a_run_goes_on_with_the_same_teacher_only(folder: Path, small_module: Path, tmp_path: Path) -> None:
    base = load_module_spec(small_module)
    handle = make(tmp_path / "one", named(*COLOURS))
    given = Distillation((handle,), 0.25, 3.0)

    def tune(distillation: Distillation | None, name: str = "m", watch: Watch | None = None) -> None:
        short = Options("full", 2, batch_size=8, image_size=32, distillation=distillation)
        finetune(str(folder), tmp_path / name, base, options=short, watch=watch)

    with pytest.raises(KeyboardInterrupt):
        tune(given, watch=Stop())
    for other in (None, replace(given, share=0.3), replace(given, temperature=2.0)):
        with pytest.raises(FormatError, match="of other data, another recipe or another seed"):
            tune(other)
    moved = shutil.copytree(handle, tmp_path / "moved" / "one")
    tune(replace(given, teachers=(str(moved),)))
    tune(given, "whole")
    tune(None, "plain")
    assert stored(tmp_path / "m") == stored(tmp_path / "whole") != stored(tmp_path / "plain")


def test_a_recipe_with_a_teacher(folder: Path, tmp_path: Path) -> None:
    handle = make(tmp_path / "one", named(*COLOURS))
    cycle = Cycle((Phase(2, 32, Augmentation()),), 1e-3)
    recipe = Recipe("short", (cycle,), AdamW(0.05), batch_size=24, image_size=32)
    given = Distillation((handle,), 0.75)

    def learn(distillation: Distillation | None, name: str = "m", watch: Watch | None = None) -> None:
        output = tmp_path / name
        train_from_scratch(
            recipe, str(folder), output, bfloat16=False, distillation=distillation, watch=watch
        )

    with pytest.raises(KeyboardInterrupt):
        learn(given, watch=Stop())
    for other in (None, replace(given, share=0.5)):
        with pytest.raises(FormatError, match="of other data, another recipe or another seed"):
            learn(other)
    learn(given)
    learn(None, "plain")
    assert stored(tmp_path / "m") != stored(tmp_path / "plain")
    card = (tmp_path / "m" / "README.md").read_text("utf-8")
    assert "| teacher | one; share 0.75, temperature 2 |" in card
