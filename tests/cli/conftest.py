"""Photos for the command line."""

from pathlib import Path

import numpy as np
import pytest
from helpers.cases import images_from_seed
from PIL import Image


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for seed in range(3):
        Image.fromarray((images_from_seed((40, 60, 3), seed) * 255).astype(np.uint8)).save(
            folder / f"{seed}.png"
        )
    return folder
