"""The state of a run on disk."""

import os
from pathlib import Path

import torch

from inception_hub.training import checkpoint


def test_a_save_replaces_the_file_and_never_writes_into_it(tmp_path: Path) -> None:
    """Who holds the old file, as a reader or a link does, keeps it whole: so does a kill in the middle."""
    path, held = tmp_path / "run" / "checkpoint.safetensors", tmp_path / "held"
    checkpoint.save(path, {"weights/a": torch.arange(3.0)}, {"step": 1})
    os.link(path, held)
    old = held.read_bytes()
    checkpoint.save(path, {"weights/a": torch.ones(3)}, {"step": 2})
    assert held.read_bytes() == old
    loaded = checkpoint.load(path)
    assert loaded is not None
    assert loaded[0]["weights/a"].tolist() == [1, 1, 1] and loaded[1] == {"step": 2}
    assert [file.name for file in path.parent.iterdir()] == ["checkpoint.safetensors"]
