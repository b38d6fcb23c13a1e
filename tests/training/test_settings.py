"""The settings of a run: each by its name, and the first that differs named in one sentence."""

from pathlib import Path
from typing import Any

import pytest

from inception_hub.errors import FormatError
from inception_hub.training.settings import check, digest, flattened, precision_of

KEPT = {"photos": "a1", "module": "b2", "--epochs": 3, "--image-size": None, "cycles.0.learning_rate": 1e-3}
KEPT |= {"name": "short", "x": 1}


def test_values_are_named_by_their_paths() -> None:
    assert flattened({"a": 1, "b": {"c": None, "d": ({"e": 0.5}, [True, "x"])}}) == {
        "a": 1, "b.c": None, "b.d.0.e": 0.5, "b.d.1.0": True, "b.d.1.1": "x",
    }  # fmt: skip


def test_a_digest_is_of_every_value_whatever_the_order_of_keys() -> None:
    base = digest({"a": 1, "b": None})
    assert base == digest({"b": None, "a": 1})
    assert len({base, digest({"a": 2, "b": None}), digest({"a": 1}), digest([])}) == 4


def test_the_same_settings_are_accepted() -> None:
    check(Path("checkpoint"), dict(reversed(KEPT.items())), KEPT)


@pytest.mark.parametrize(
    ("changes", "how"),
    [
        ({"photos": "a2"}, "with other photos;"),
        ({"module": "b3", "--epochs": 5}, "with another module;"),
        ({"--epochs": 5, "cycles.0.learning_rate": 0.01}, "with --epochs 3, not 5;"),
        ({"name": "short with x=2", "x": 2}, "with the recipe's x 1, not 2;"),
        ({"name": "long"}, "with the recipe's name short, not long;"),
        ({"--image-size": 96}, "with --image-size none, not 96;"),
        ({"cycles.0.learning_rate": 0.01}, "with the recipe's cycles.0.learning_rate 0.001, not 0.01;"),
        ({"--class-weights": True}, "with --class-weights none, not on;"),
        ({"teachers": "c3"}, "with other teachers;"),
    ],
)
def test_the_first_that_differs_is_named(changes: dict[str, Any], how: str) -> None:
    with pytest.raises(FormatError) as caught:
        check(Path("checkpoint"), KEPT, KEPT | changes)
    assert str(caught.value) == (
        f"The checkpoint checkpoint was begun {how} give what it was begun with, or remove it to begin anew."
    )


def test_what_only_the_checkpoint_has_differs_too() -> None:
    with pytest.raises(FormatError, match="was begun with other teachers"):
        check(Path("checkpoint"), KEPT | {"teachers": None}, KEPT)


@pytest.mark.parametrize("kept", [None, "text", ["--epochs"]])
def test_a_checkpoint_of_another_version_is_told(kept: object) -> None:
    with pytest.raises(FormatError, match="was begun by another version; give"):
        check(Path("checkpoint"), kept, KEPT)


@pytest.mark.parametrize(
    ("kept", "precision"),
    [({"--precision": "f32"}, "f32"), ({"--precision": "f16"}, None), (None, None), ("text", None)],
)
def test_the_precision_that_a_run_was_begun_in(kept: object, precision: str | None) -> None:
    assert precision_of(kept) == precision


def test_values_that_could_move_the_cursor_are_shown_as_escapes() -> None:
    with pytest.raises(FormatError) as caught:
        check(Path("checkpoint"), {"\x1b[2J": "\x1b[2J" + "x" * 100}, {})
    assert str(caught.value).isprintable() and len(str(caught.value)) < 250
