"""The teachers of a distillation: their loss against the formula, their classes matched, their settings."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers.teachers import labels_named, load_teachers, write_teacher
from numpy.typing import NDArray

from inception_hub import Module, bundle, load_module_spec
from inception_hub.errors import ArgumentError
from inception_hub.labels import Labels


def images(count: int = 4) -> torch.Tensor:
    return torch.rand(count, 32, 32, 3, generator=torch.Generator().manual_seed(0))


def logits(handle: str) -> NDArray[np.float64]:
    """The logits of `images()` by the module behind `handle`."""
    return Module(handle, engine="torch")(images().numpy()).astype(np.float64)


def softmax(values: NDArray[np.float64]) -> NDArray[np.float64]:
    powers = np.exp(values - values.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 4.0])
@pytest.mark.parametrize("ensemble", [False, True])
def test_the_loss_is_the_formula(first: str, second: str, temperature: float, ensemble: bool) -> None:
    """Hinton, Vinyals and Dean: T^2 times the Kullback-Leibler divergence at temperature T."""
    handles = (first, second) if ensemble else (first,)
    student = np.random.default_rng(0).normal(size=(4, 3)) * 3
    p = np.mean([softmax(logits(handle) / temperature) for handle in handles], 0)
    q = softmax(student / temperature)
    expected = temperature**2 * (p * (np.log(p) - np.log(q))).sum(1)

    teachers = load_teachers(*handles, temperature=temperature)
    probabilities = teachers.probabilities(images())
    assert probabilities.dtype == torch.float32 and not probabilities.requires_grad
    np.testing.assert_allclose(probabilities.numpy(), p, atol=2e-6)
    loss = teachers.loss(torch.from_numpy(student), images())
    assert loss.dtype == torch.float64
    np.testing.assert_allclose(loss.numpy(), expected, rtol=1e-4, atol=1e-5)
    assert float(loss.min()) > 1e-3, "there is something to learn"


def test_the_student_who_agrees_has_nothing_to_learn(first: str) -> None:
    teachers = load_teachers(first, temperature=3.0)
    student = 3.0 * teachers.probabilities(images()).double().log()
    assert float(teachers.loss(student, images()).abs().max()) < 1e-6


def test_gradients_reach_the_student_alone(first: str, second: str) -> None:
    """The gradient is T * (student's - teachers' probabilities), as the formula's derivative says."""
    teachers = load_teachers(first, second, temperature=2.5)
    student = torch.randn(4, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    student.requires_grad_()
    seen = images().requires_grad_()
    teachers.loss(student, seen).sum().backward()
    assert student.grad is not None and seen.grad is None
    expected = 2.5 * ((student.detach() / 2.5).softmax(1) - teachers.probabilities(images()).double())
    torch.testing.assert_close(student.grad, expected, rtol=0, atol=1e-6)
    assert torch.autograd.gradcheck(lambda values: teachers.loss(values, images()), student)


def test_teachers_follow_the_student_s_autocast(first: str) -> None:
    teachers = load_teachers(first)
    exact = teachers.probabilities(images())
    with torch.autocast("cpu", torch.bfloat16):
        rounded = teachers.probabilities(images())
    assert rounded.dtype == torch.float32 and 0 < float((rounded - exact).abs().max()) < 0.1


def test_the_order_of_classes_is_the_student_s(first: str) -> None:
    probabilities = load_teachers(first, labels=labels_named("C", "a", "b")).probabilities(images())
    torch.testing.assert_close(probabilities, load_teachers(first).probabilities(images())[:, [2, 0, 1]])


def test_classes_that_the_student_does_not_have_are_left_out(tmp_path: Path) -> None:
    handle = write_teacher(tmp_path / "wide", labels_named("z", "b", "y", "a", "c"))
    probabilities = load_teachers(handle, temperature=2.0).probabilities(images())
    expected = softmax(logits(handle)[:, [3, 1, 4]] / 2.0)
    np.testing.assert_allclose(probabilities.numpy(), expected, atol=2e-6)


def test_classes_are_matched_by_wordnet_id(tmp_path: Path) -> None:
    handle = write_teacher(tmp_path / "ids", Labels(("x", "y"), ("n00000001", "n00000002")))
    probabilities = load_teachers(
        handle, labels=Labels(("x", "y"), ("n00000002", "n00000001"))
    ).probabilities(images())
    np.testing.assert_allclose(probabilities.numpy(), softmax(logits(handle)[:, ::-1] / 2.0), atol=2e-6)


def test_teachers_that_do_not_fit_are_refused(first: str, tmp_path: Path) -> None:
    with pytest.raises(ArgumentError) as raised:
        load_teachers(first, labels=labels_named("a", "b", "d"))
    assert str(raised.value) == (
        "The teacher 'first' does not fit the data: 1 of the 3 classes of the data is unknown to the "
        "module, such as 'd'; it has 'a', 'b', 'c': rename the classes after it, or fine-tune a module "
        "on them."
    )
    vectors = tmp_path / "vectors"
    bundle.write(replace(load_module_spec(first).bundle.without_head(), name="vectors"), vectors)
    with pytest.raises(ArgumentError) as raised:
        load_teachers(first, str(vectors))
    assert str(raised.value) == (
        "The teacher 'vectors' is a feature vector module without classes; "
        "give a module that has the 3 classes of the data."
    )


def test_settings_are_all_that_decides(first: str, second: str, tmp_path: Path) -> None:
    base = load_teachers(first).settings()
    copy = shutil.copytree(first, tmp_path / "copy")
    assert load_teachers(str(copy)).settings() == base, "whatever the path"
    others = [
        load_teachers(second),
        load_teachers(first, second),
        load_teachers(first, share=0.4),
        load_teachers(first, temperature=3.0),
        load_teachers(first, labels=labels_named("b", "a", "c")),
    ]
    assert all(other.settings() != base for other in others)
    assert load_teachers(first, second).describe() == "first, second; share 0.5, temperature 2"
