"""Several listeners of a run hear all of it."""

from typing import Any

from inception_hub.evaluation import Epoch, Score
from inception_hub.training.listener import RunListener, RunListeners

EPOCH = Epoch("head", 1, 1.5, Score(1.4, 0.5, 10), 0.001, 100, 0.02)


class Recorder(RunListener):
    def __init__(self) -> None:
        self.heard: list[tuple[Any, ...]] = []

    def note(self, message: str) -> None:
        self.heard.append(("note", message))

    def progress(self, task: str, done: int, total: int) -> None:
        self.heard.append(("progress", task, done, total))

    def images(self, name: str, images: Any) -> None:
        self.heard.append(("images", name, len(images)))

    def epoch(self, epoch: Epoch) -> None:
        self.heard.append(("epoch", epoch))

    def written(self, evaluations: Any, epochs: int) -> None:
        self.heard.append(("written", len(evaluations), epochs))

    def close(self) -> None:
        self.heard.append(("close",))


def test_everybody_hears_everything() -> None:
    one, other = Recorder(), Recorder()
    all_of_them = RunListeners(one, RunListener(), other)
    all_of_them.note("begins")
    all_of_them.progress("decoding", 3, 7)
    all_of_them.images("augmented", [])
    all_of_them.epoch(EPOCH)
    all_of_them.written([], 1)
    all_of_them.close()
    assert (
        one.heard
        == other.heard
        == [
            ("note", "begins"),
            ("progress", "decoding", 3, 7),
            ("images", "augmented", 0),
            ("epoch", EPOCH),
            ("written", 0, 1),
            ("close",),
        ]
    )
