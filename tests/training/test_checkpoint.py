"""The checkpoint of a run: replaced whole, read back, refused where it is damaged."""

import os
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from inception_hub.errors import FormatError, OutputError
from inception_hub.training import checkpoint


def test_a_save_replaces_the_file_and_never_writes_into_it(tmp_path: Path) -> None:
    """The old file, held by a link here, stays whole: so it does when a save is killed in the middle."""
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


def test_every_bit_counts(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.safetensors"
    tensors = {"weights/a": torch.arange(64.0), "average/b": torch.ones(2, 3, dtype=torch.bfloat16)}
    checkpoint.save(path, {**tensors, "optimiser/step": torch.tensor(7)}, {"step": 1})
    content = path.read_bytes()
    for place in range(8, len(content), 5):
        path.write_bytes(content[:place] + bytes([content[place] ^ 4]) + content[place + 1 :])
        with pytest.raises(FormatError, match="is damaged"):
            checkpoint.load(path)
    path.write_bytes(content)
    loaded = checkpoint.load(path)
    assert loaded is not None and loaded[0]["optimiser/step"].item() == 7


def test_there_may_be_none_or_a_damaged_one(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.safetensors"
    assert checkpoint.load(path) is None
    path.write_bytes(b"no checkpoint")
    with pytest.raises(FormatError, match="is damaged .*; restore it, or remove it to begin anew"):
        checkpoint.load(path)


def test_a_place_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(
        OutputError, match="cannot be written .*; the one before it is still there: make room"
    ):
        checkpoint.save(tmp_path / "file" / "checkpoint.safetensors", {}, {})


@pytest.mark.parametrize("facts", ["[]", "3", "[" * 100_000, '{"a": ', "\x1b[2J" * 1000])
def test_facts_that_are_no_table_are_damage(facts: str, tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.safetensors"
    save_file({}, path, {"facts": facts, "sha256": checkpoint._sha256({}, facts)})
    for read in (checkpoint.load, checkpoint.load_facts):
        with pytest.raises(FormatError, match="is damaged .*; restore it, or remove it") as caught:
            read(path)
        assert str(caught.value).isprintable() and len(str(caught.value)) < 500


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    if not hasattr(os, "mkfifo"):
        pytest.skip("this system has no pipes with names")
    os.mkfifo(tmp_path / "checkpoint.safetensors")
    with pytest.raises(FormatError, match="is damaged .*no regular file"):
        checkpoint.load(tmp_path / "checkpoint.safetensors")
