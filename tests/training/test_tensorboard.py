"""The event files of a run, read by TensorBoard itself."""

import sys
from pathlib import Path

import numpy as np
import pytest
from helpers.evaluations import evaluation
from helpers.written_rows import small_files
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from inception_hub.errors import MissingExtraError
from inception_hub.evaluation import Epoch, Score
from inception_hub.training.tensorboard import TensorBoard


def test_scalars_and_images_are_written(tmp_path: Path) -> None:
    listener = TensorBoard(tmp_path)
    listener.images("augmentation", [("original", np.zeros((4, 6, 3), np.uint8))])
    listener.epoch(Epoch("training", 1, 1.5, None, 1e-3, 100.0, 0.25))
    listener.epoch(Epoch("training", 2, 1.25, Score(1.4, 0.5, 10), 5e-4, 100.0, 0.25))
    listener.written([evaluation(60, 5)], 2)
    listener.close()
    events = EventAccumulator(str(tmp_path)).Reload()
    assert [(event.step, event.value) for event in events.Scalars("loss/train")] == [(1, 1.5), (2, 1.25)]
    assert [event.step for event in events.Scalars("top-1/validation")] == [2], "not validated in the first"
    (accuracy,) = events.Scalars("module top-1/test")
    assert accuracy.step == 2 and accuracy.value == pytest.approx(evaluation(60, 5).top1)
    (waiting, _) = events.Scalars("share waiting for data")
    assert waiting.value == 0.25
    (image,) = events.Images("augmentation/original")
    assert (image.width, image.height) == (6, 4)


def test_without_tensorboard_a_sentence_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(MissingExtraError, match="not installed: pip install tensorboard"):
        TensorBoard(tmp_path / "events")
    assert not (tmp_path / "events").exists()


def test_a_full_disk_costs_the_curves_only(tmp_path: Path) -> None:
    notes: list[str] = []
    listener = TensorBoard(tmp_path, notes.append)
    epoch = Epoch("training", 1, 1.5, Score(1.4, 0.5, 10), 1e-3, 100.0, 0.25)
    with small_files():
        for _ in range(20):
            listener.epoch(epoch)
    listener.epoch(epoch)
    listener.close()
    (note,) = notes
    assert note.startswith("No more curves are written for TensorBoard, as ") and "(File too large)" in note


def test_a_place_that_cannot_be_written_costs_the_curves_only(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    notes: list[str] = []
    listener = TensorBoard(tmp_path / "file" / "tensorboard", notes.append)
    listener.images("augmentation", [("original", np.zeros((4, 6, 3), np.uint8))])
    listener.close()
    assert len(notes) == 1
