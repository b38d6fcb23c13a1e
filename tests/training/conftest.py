"""Fixtures of the tests of training: this process as the only one, photos to fine-tune on, teachers."""

from pathlib import Path

import pytest
from helpers.colour_photos import write_colour_photos
from helpers.teachers import write_teacher

from inception_hub.architecture import Architecture
from inception_hub.training import from_scratch
from inception_hub.training.workers import Workers


@pytest.fixture(scope="session")
def workers() -> Workers:
    return Workers()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three classes of ten noisy photos, which the test may change."""
    return write_colour_photos(tmp_path / "photos")


@pytest.fixture(scope="module")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same photos for all tests of a file, which none of them changes."""
    return write_colour_photos(tmp_path_factory.mktemp("shared") / "photos")


@pytest.fixture(scope="session")
def first(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The handle of a teacher called `first` of the classes a, b and c."""
    return write_teacher(tmp_path_factory.mktemp("teachers") / "first")


@pytest.fixture(scope="session")
def second(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The handle of another, called `second`."""
    return write_teacher(tmp_path_factory.mktemp("teachers") / "second", seed=2)


@pytest.fixture
def thin(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has recipes train a thin network in place of one of full width, which takes long."""
    monkeypatch.setattr(from_scratch, "Architecture", lambda _, classes: Architecture(0.25, classes))
