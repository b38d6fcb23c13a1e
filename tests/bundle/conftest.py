"""A module directory that a test may damage."""

import shutil
from pathlib import Path

import pytest


@pytest.fixture
def copy(small_module: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(small_module, tmp_path / "module"))
