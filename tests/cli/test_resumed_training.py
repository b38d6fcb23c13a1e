"""What a terminal shows of `finetune` and `train` that continue, or that refuse other options."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers.colour_photos import write_colour_photos
from helpers.forked import TRAINING
from helpers.terminals import lines_of, on_terminal

import inception_hub as hub
from inception_hub.training import loop
from inception_hub.training.listener import RunListener

RECIPE = """
batch_size = 8
image_size = 32
optimiser = {name = "adamw", weight_decay = 0.05}
cycles = [{learning_rate = 1e-3, phases = [{epochs = 3, size = 32, augmentation = {colour = 0.2}}]}]
"""
VERBS = pytest.mark.parametrize("verb", ["finetune", "train"])
# By verb, what is asked for instead, and what is said.
OTHERS = {
    "finetune": (["--learning-rate", "0.002"], "--learning-rate 0.0005, not 0.002"),
    "train": (["--set", "label_smoothing=0.05"], "the recipe's label_smoothing 0.1, not 0.05"),
}


class Stop(RunListener):
    """Presses Ctrl-C in the second epoch of the network."""

    def __init__(self, task: str) -> None:
        self._task = task

    def progress(self, task: str, done: int, total: int) -> None:
        if task == self._task and done > total // 3:
            raise KeyboardInterrupt


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_colour_photos(tmp_path_factory.mktemp("colours") / "photos", 4)


@pytest.fixture(scope="module")
def begun(photos: Path, small_module: Path) -> Callable[[str, Path], list[str]]:
    """A function that lays what is left of an interrupted run of a verb beside an output: its command."""
    (photos.parent / "short.toml").write_text(RECIPE)
    commands = {
        "finetune": f"finetune {photos} --module {small_module} --epochs 3 --batch-size 8 --image-size 32",
        "train": f"train {photos.parent / 'short.toml'} {photos}",
    }

    def interrupt(verb: str) -> Path:
        output = photos.parent / verb
        with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(loop, "SAVE_EVERY", 0.0)
            if verb == "train":
                recipe = photos.parent / "short.toml"
                hub.train(recipe, photos, output, precision="f32", listener=Stop("training"))
            else:
                hub.finetune(
                    photos, output, small_module, epochs=3, batch_size=8, image_size=32, precision="f32",
                    listener=Stop("whole network"),
                )  # fmt: skip
        return output.with_name(f"{verb}.run")

    runs = {verb: interrupt(verb) for verb in commands}

    def lay(verb: str, output: Path) -> list[str]:
        shutil.copytree(runs[verb], output.with_name(f"{output.name}.run"))
        return [*commands[verb].split(), "--precision", "f32", "--output", str(output)]

    return lay


@VERBS
def test_the_same_command_says_where_it_continues(
    begun: Callable[[str, Path], list[str]], verb: str, tmp_path: Path
) -> None:
    code, shown = on_terminal(*begun(verb, tmp_path / "out"), columns=60, kind="xterm", imported=TRAINING)
    lines = lines_of(shown)
    assert code == 0, shown
    assert lines.count("Continuing at epoch 2 of 3.") == 1
    epochs = [line.split(":")[0] for line in lines if line.startswith("epoch ")]
    assert epochs == ["epoch 2", "epoch 3"]


@VERBS
def test_another_option_is_refused_by_its_name(
    begun: Callable[[str, Path], list[str]], verb: str, tmp_path: Path
) -> None:
    options, said = OTHERS[verb]
    code, shown = on_terminal(
        *begun(verb, tmp_path / "out"), *options, columns=60, kind="xterm", imported=TRAINING
    )
    lines = lines_of(shown)
    assert code == 2 and lines[-1] == (
        f"inception-hub: The checkpoint {tmp_path / 'out.run' / 'checkpoint.safetensors'} was begun with "
        f"{said}; give what it was begun with, or remove it to begin anew."
    )
    assert not any(line.startswith(("Fine-tuning", "Training", "Continuing")) for line in lines), shown
