"""Fixtures of the tests of training: this process as the only one, photos to fine-tune on, teachers."""

import sys
from pathlib import Path

import pytest
from helpers.colour_photos import write_colour_photos
from helpers.teachers import write_teacher

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
def no_matplotlib(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where matplotlib is not installed: reports that a test does not look at have no plots, which take
    most of the time of a short run."""
    monkeypatch.setitem(sys.modules, "matplotlib", None)
