"""`finetune --resize auto`: measured on the validation photos, said with figures, kept by a resumed run."""

import json
from pathlib import Path

import numpy as np
import pytest
from helpers.command import run
from helpers.dataset_photos import split_of
from PIL import Image

from inception_hub import load_module_spec
from inception_hub.images.presets import PRESETS
from inception_hub.training import resize_choice
from inception_hub.training.finetune import finetune
from inception_hub.training.finetune_options import FinetuneOptions
from inception_hub.training.head import train_head
from inception_hub.training.listener import RunListener
from inception_hub.training.training_data import TrainingData

HEAD = FinetuneOptions(phases="head", image_size=32, resize="auto", bfloat16=False)


@pytest.fixture(scope="module")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Soft bright noise in two shapes, which look alike where they are squashed."""
    folder = tmp_path_factory.mktemp("shapes") / "photos"
    generator = np.random.default_rng(0)
    for split, count in (("train", 12), ("validation", 6)):
        for name, size in (("long", (120, 30)), ("square", (60, 60))):
            (folder / split / name).mkdir(parents=True)
            for number in range(count):
                noise = Image.fromarray(generator.integers(200, 256, (4, 4, 3), np.uint8))
                noise.resize(size, Image.Resampling.BICUBIC).save(folder / split / name / f"{number}.png")
    return folder


class Notes(RunListener):
    def __init__(self) -> None:
        self.notes: list[str] = []
        self.tasks: set[str] = set()

    def note(self, message: str) -> None:
        self.notes.append(message)

    def progress(self, task: str, done: int, total: int) -> None:
        self.tasks.add(task)


@pytest.mark.usefixtures("no_matplotlib")
def test_the_preset_of_the_best_head_is_taken(
    capsys: pytest.CaptureFixture[str], shapes: Path, small_module: Path, tmp_path: Path
) -> None:
    made = tmp_path / "made"
    code, out, err = run(
        capsys, "finetune", shapes, "--module", small_module, "--output", made, "--resize", "auto",
        "--phases", "head", "--image-size", 32,
    )  # fmt: skip
    assert code == 0
    (note,) = [line for line in err.splitlines() if line.startswith("Resize: ")]
    assert note.startswith("Resize: pad, whose head has the highest top-1 on validation (default ")
    assert note.endswith("; 24 photos of train, 12 photos of validation).") and "; pad 100.0%, loss " in note
    assert load_module_spec(made).resize == "pad" and "top-1 100.00%" in out
    assert "by the preset `pad`" in (made / "README.md").read_text("utf-8")
    assert note in (made / "report.html").read_text("utf-8")
    assert [path.name for path in (tmp_path / "made.run").iterdir()] == ["tensorboard"]


@pytest.mark.usefixtures("no_matplotlib")
def test_a_resumed_run_keeps_its_choice(
    shapes: Path, small_module: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base, output = load_module_spec(small_module), tmp_path / "made"
    measured: list[str] = []

    def measure(network, photos: TrainingData, preset, *others):  # type: ignore[no-untyped-def]
        measured.append(preset)
        return train_head(network, photos, preset, *others)

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(resize_choice, "train_head", measure)
    with monkeypatch.context() as context:
        context.setattr("inception_hub.training.finetune.train_head", stop)
        with pytest.raises(KeyboardInterrupt):
            finetune(str(shapes), output, base, options=HEAD)
    assert measured == ["default", "crop", "pad"]
    kept = tmp_path / "made.run" / "features" / "resize.json"
    identity, preset, sentence = json.loads(kept.read_text())
    kept.write_text(json.dumps([identity, "crop", sentence]))
    listener = Notes()
    finetune(str(shapes), output, base, options=HEAD, listener=listener)
    assert preset == "pad" and load_module_spec(output).resize == "crop" and len(measured) == 3
    assert sentence in listener.notes


@pytest.mark.parametrize("content", ["", "{", "[1]", '["another run", "crop", "why"]', "[[], [], []]"])
def test_what_is_no_choice_of_this_run_is_none(tmp_path: Path, content: str) -> None:
    kept = tmp_path / "resize.json"
    kept.write_text('["this run", "crop", "why"]')
    assert resize_choice._kept(kept, "this run") == ("crop", "why")
    kept.write_text(content)
    assert resize_choice._kept(kept, "this run") is None


@pytest.mark.usefixtures("no_matplotlib")
def test_what_is_no_choice_of_this_run_is_measured_anew(
    shapes: Path, small_module: Path, tmp_path: Path
) -> None:
    kept = tmp_path / "made.run" / "features" / "resize.json"
    kept.parent.mkdir(parents=True)
    kept.write_text('["another run", "crop", "why"]')
    listener = Notes()
    finetune(str(shapes), tmp_path / "made", load_module_spec(small_module), options=HEAD, listener=listener)
    assert load_module_spec(tmp_path / "made").resize == "pad"
    assert {"default: decoding", "crop: training features", "pad: validation features"} <= listener.tasks


def test_of_many_photos_some_of_every_class_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resize_choice, "SAMPLE", 10)
    split = split_of([b""] * 41, [0] * 30 + [2] * 10 + [1])
    sample = resize_choice._sample(split)
    assert np.bincount(sample.classes).tolist() == [6, 1, 2]
    assert sample.rows.tolist() == [0, 5, 10, 15, 20, 25, 30, 35, 40]
    whole = split_of([b""] * 10, [1] * 9 + [0])
    assert resize_choice._sample(whole).rows.tolist() == list(range(10))
    assert set(resize_choice.CANDIDATES) < set(PRESETS)
