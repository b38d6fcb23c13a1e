"""`finetune` and `train` as functions: as the first example writes them, and what they refuse."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.colour_photos import write_colour_photos
from helpers.precisions import HAS_BF16

import inception_hub as hub
from inception_hub.errors import ArgumentError, HandleError
from inception_hub.training.distillation import Distillation
from inception_hub.training.functions import _distillation


@pytest.mark.slow  # twenty epochs at the default size
@pytest.mark.usefixtures("no_matplotlib")
def test_the_two_lines_of_the_first_example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_colour_photos(tmp_path / "photos", 3)
    write_colour_photos(tmp_path / "more_photos", 2)
    monkeypatch.chdir(tmp_path)
    (validation,) = hub.finetune("photos/", "my_module")
    assert validation.module == "my_module" and validation.data == "photos validation"
    result = hub.evaluate("my_module", "more_photos/")
    assert result.photos == 6 and result.evaluations[0].top1 == 1
    assert repr(result).startswith("EvaluationResult(evaluations=(Evaluation('my_module' on 'more_photos': ")


@pytest.mark.usefixtures("no_matplotlib")
def test_a_module_in_memory_is_a_base_with_its_present_weights(
    shared_folder: Path, small_module: Path, tmp_path: Path
) -> None:
    base = hub.Module(small_module, trainable=True)
    name = min(name for name in base.variable_map if "Conv2d_1a" in name and "biases" not in name)
    base.variable_map[name].data.fill_(0.5)
    hub.finetune(shared_folder, tmp_path / "made", base, phases="head", image_size=32, precision="f32")
    assert (hub.load_module_spec(tmp_path / "made").bundle.weights[name] == 0.5).all()


@pytest.mark.usefixtures("no_matplotlib", "thin")
def test_train_takes_a_recipe_with_settings(shared_folder: Path, tmp_path: Path) -> None:
    recipe = tmp_path / "short.toml"
    recipe.write_text(
        "batch_size = 8\nimage_size = 32\n[[cycles]]\nlearning_rate = 1e-3\n"
        "phases = [{epochs = 1, size = 32, augmentation = {}}]\n"
        "[optimiser]\nname = 'adamw'\nweight_decay = 0.05\n"
    )
    made = hub.train(recipe, shared_folder, tmp_path / "fresh", settings="image_size=64")
    assert len(made) == 1
    spec = hub.load_module_spec(tmp_path / "fresh")
    assert spec.image_size == (64, 64)
    assert f"| precision | {'bfloat16, weights in float32' if HAS_BF16 else 'float32'} |" in spec.bundle.card


def test_teachers_and_their_numbers() -> None:
    assert _distillation(None, None, None) is _distillation((), None, None) is None
    assert _distillation("one", None, None) == Distillation(("one",))
    assert _distillation([Path("one"), "two"], 0.25, 3.0) == Distillation(("one", "two"), 0.25, 3.0)
    with pytest.raises(
        ArgumentError, match="^teacher_share is of teachers, and there is none; give --teacher"
    ):
        _distillation(None, 0.3, None)
    with pytest.raises(ArgumentError, match="^teacher_share and temperature are of teachers"):
        _distillation(None, 0.3, 1.0)


def test_mistakes_are_said_before_anything_is_read(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    with pytest.raises(ArgumentError, match="phases is 'tail'; give one of both, head, full"):
        hub.finetune(gone, tmp_path / "made", phases="tail")  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="precision is 'f16'; give one of f32, bf16"):
        hub.finetune(gone, tmp_path / "made", precision="f16")  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="precision is 'f16'; give one of f32, bf16"):
        hub.train("slim", gone, tmp_path / "made", precision="f16")  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="There is no recipe 'fancy'"):
        hub.train("fancy", gone, tmp_path / "made")
    with pytest.raises(HandleError, match="gone does not exist"):
        hub.finetune(gone, tmp_path / "made")
    assert not list(tmp_path.iterdir())


def test_without_pytorch_the_extra_is_named() -> None:
    code = """
import sys
sys.modules["torch"] = None
import inception_hub as hub
for call in (lambda: hub.finetune("photos", "made"), lambda: hub.train("slim", "photos", "made")):
    try:
        call()
    except hub.InceptionHubError as error:
        print(error)
"""
    said = subprocess.check_output([sys.executable, "-c", code], text=True)
    first, second = said.splitlines()
    assert first == second and re.match(
        r"This needs torch, which is not installed: pip install '.*\[train\]'", first
    )
