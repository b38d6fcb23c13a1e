"""`quantize`, and answers at the precisions beside float32. NNCF calibrates once, for all of these tests."""

import contextlib
import io
import json
import os
import pickle
import re
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.cases import images_from_seed
from helpers.command import run
from PIL import Image
from skimage import data

from inception_hub import Module, ModuleSpec, bundle, load_images, weights
from inception_hub.architecture import LOGITS_LAYER
from inception_hub.cli import main
from inception_hub.data import open_dataset
from inception_hub.engines import PrecisionChoice, openvino_calibration
from inception_hub.engines import openvino as engine
from inception_hub.errors import ArgumentError, OutputError, QuantizationError, WeightsError
from inception_hub.images.presets import PRESETS, Preset
from inception_hub.quantization import quantization
from inception_hub.quantization.quantization import _prepared, quantize
from inception_hub.system.locks import hold_directory, release

IMAGES = images_from_seed((1, 64, 64, 3), 0)
PRECISIONS: tuple[PrecisionChoice, ...] = ("f32", "int8")


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve photos of three of the module's classes, those of `a` dark."""
    folder = tmp_path_factory.mktemp("photos")
    for number in range(12):
        pixels = (images_from_seed((48, 64, 3), number) * (255 if number % 3 else 42)).astype(np.uint8)
        (folder / "abc"[number % 3]).mkdir(exist_ok=True)
        Image.fromarray(pixels).save(folder / "abc"[number % 3] / f"{number}.png")
    return folder


@pytest.fixture(scope="module")
def flat(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same photos without classes."""
    folder = tmp_path_factory.mktemp("flat")
    for path in photos.rglob("*.png"):
        shutil.copy(path, folder)
    return folder


@dataclass(frozen=True)
class Made:
    """What the command left and said, and the photos that it read each time."""

    module: Path
    code: object
    out: str
    err: str
    read: list[set[str]]


@pytest.fixture(scope="module")
def made(small_module: Path, photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Made:
    module = tmp_path_factory.mktemp("modules") / "small"
    shutil.copytree(small_module, module)
    prepared, read, out, err = quantization.prepared, [], io.StringIO(), io.StringIO()

    def noted(split: Any, *arguments: Any, **options: Any) -> Any:
        read.append({Path(split.name(index)).name for index in range(len(split))})
        return prepared(split, *arguments, **options)

    with pytest.MonkeyPatch.context() as patch, pytest.raises(SystemExit) as exit:
        patch.setattr(quantization, "prepared", noted)
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            main(["quantize", str(module), "--calibrate", str(photos), "--max-drop", "100"])
    return Made(module, exit.value.code, out.getvalue(), err.getvalue(), read)


@pytest.fixture(scope="module")
def quantized(made: Made) -> Path:
    return made.module


@pytest.fixture
def calibrated(quantized: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, np.ndarray]:
    """What NNCF made of the small module, which is taken once more: it needs 12 s every time.

    A test that changes it is given another calibration.
    """
    int8 = dict(bundle.read(quantized).int8 or {})
    monkeypatch.setattr(openvino_calibration, "calibrate", lambda *_: int8)
    return int8


@pytest.fixture(scope="module")
def logits(quantized: Path) -> dict[str, np.ndarray]:
    """Of `IMAGES`, by precision."""
    return {name: Module(quantized, precision=name)(IMAGES) for name in PRECISIONS}


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("preset", PRESETS)
def test_photos_are_seen_as_the_module_sees_them(photos: Path, small_module: Path, preset: Preset) -> None:
    made = replace(bundle.read(small_module), resize=preset)
    split = open_dataset(str(photos)).splits["train"]
    ((images, indices),) = _prepared(split, made, 32, [])
    expected = load_images([split.encoded(index) for index in indices], ModuleSpec(made))
    assert len(indices) == 12 and np.array_equal(images, expected)


def test_the_graph_is_stored_beside_the_weights(quantized: Path, small_module: Path) -> None:
    assert set(content(quantized)) - set(content(small_module)) == {"int8.safetensors"}
    assert content(quantized)["weights.safetensors"] == content(small_module)["weights.safetensors"]
    manifest = bundle.verify(quantized)
    (figures,) = manifest["accuracy"]
    assert figures["precision"] == "int8" and figures["images"] == 6
    assert {"data", "top1", "agreement"} <= set(figures)


def test_int8_is_checked_on_photos_it_was_not_made_for(made: Made) -> None:
    calibrating, checking = made.read
    assert len(calibrating) == len(checking) == 6 and not calibrating & checking


def test_int8_answers_nearly_as_float32() -> None:
    images = load_images([Image.fromarray(picture) for picture in (data.chelsea(), data.coffee())], (75, 131))
    expected = Module("tiny_imagenet")(images, signature="image_classification", as_dict=True)
    int8 = Module("tiny_imagenet", precision="int8")(images, signature="image_classification", as_dict=True)
    assert list(int8) == list(expected)
    for name, value in expected.items():
        assert int8[name].shape == value.shape and int8[name].dtype == np.float32
        error = np.linalg.norm(int8[name] - value) / np.linalg.norm(value)
        assert 0 < error < 0.35, name


def test_from_the_command_line(capsys: pytest.CaptureFixture[str], made: Made, flat: Path) -> None:
    assert made.code == 0 and made.out == f"{made.module}\n"
    assert re.fullmatch(
        r"Checked on 6 photos, [0-9.]+% answered as in f32, top-1 [0-9.]+% against [0-9.]+%\.\n", made.err
    )
    code, out, _ = run(
        capsys, "classify", flat, "--module", made.module, "--precision", "int8", "--format", "jsonl"
    )
    assert code == 0 and len(out.splitlines()) == 12
    assert len(json.loads(out.splitlines()[0])["predictions"]) == 5
    before = content(made.module)
    code, _, err = run(capsys, "quantize", made.module, "--calibrate", flat)
    assert code == 2 and "as it is; use it with --precision int8, or quantize" in err
    assert content(made.module) == before


@pytest.mark.usefixtures("calibrated")
def test_a_folder_without_classes_will_do(
    capsys: pytest.CaptureFixture[str], small_module: Path, flat: Path, tmp_path: Path
) -> None:
    module = shutil.copytree(small_module, tmp_path / "copy")
    code, out, err = run(capsys, "quantize", module, "--calibrate", flat, "--min-agreement", 0)
    assert code == 0 and out == f"{module}\n"
    assert err.startswith("Checked on 6 photos, ") and err.endswith("% answered as in f32.\n")


@pytest.mark.usefixtures("calibrated")
@pytest.mark.parametrize("splits", [("validation",), ("validation", "test")])
def test_photos_without_a_training_split_will_do(
    small_module: Path, photos: Path, tmp_path: Path, splits: tuple[str, ...]
) -> None:
    """Calibrated on half of the only split, or on the first of two and checked on the other."""
    for split in splits:
        shutil.copytree(photos, tmp_path / "data" / split)
    shutil.copytree(small_module, tmp_path / "copy")
    check = quantize(tmp_path / "copy", str(tmp_path / "data"), max_drop=100)
    assert check.images == (6 if len(splits) == 1 else 12) and check.f32 is not None


@pytest.mark.usefixtures("calibrated")
def test_what_is_not_read_is_said(
    capsys: pytest.CaptureFixture[str], small_module: Path, photos: Path, tmp_path: Path
) -> None:
    shutil.copytree(small_module, tmp_path / "copy")
    shutil.copytree(photos, tmp_path / "photos")
    (tmp_path / "photos" / "a").rename(tmp_path / "photos" / "unknown")
    (tmp_path / "photos" / "b" / "notes.txt").touch()
    (tmp_path / "photos" / "b" / "1.png").write_bytes(b"no photo")
    command = ("quantize", tmp_path / "copy", "--calibrate", tmp_path / "photos", "--min-agreement", 0)
    code, _, err = run(capsys, *command)
    lines = err.splitlines()
    assert code == 0 and lines[:2] == [
        "1 file is not read, being no photo by its name: 1 .txt.",
        f"The classes of {tmp_path / 'photos'} are not the module's, so top-1 is not compared.",
    ]
    assert lines[2].startswith("1 photo cannot be read: ") and "b/1.png" in lines[2]
    assert lines[3].startswith("Checked on ")
    for path in (tmp_path / "photos").rglob("*.png"):
        path.write_bytes(b"no photo")
    with pytest.raises(ArgumentError, match=r"None of the photos can be read \(.*b/1.png: "):
        quantize(shutil.copytree(small_module, tmp_path / "other"), str(tmp_path / "photos"))


@pytest.mark.skipif(os.name != "posix", reason="there are locks on POSIX systems only")
def test_two_runs_on_one_module_notice_each_other(small_module: Path, photos: Path, tmp_path: Path) -> None:
    module = shutil.copytree(small_module, tmp_path / "copy")
    held = hold_directory(module)
    with pytest.raises(OutputError, match="copy is being written by another process; wait for it"):
        quantize(module, str(photos), max_drop=100)
    release(held)
    assert content(module) == content(small_module)


def test_a_graph_that_answers_otherwise_is_not_kept(
    capsys: pytest.CaptureFixture[str],
    small_module: Path,
    flat: Path,
    calibrated: dict[str, np.ndarray],
    tmp_path: Path,
) -> None:
    """One that takes the four dark photos for an `a`, where float32 takes all twelve for a `b`."""
    biases = calibrated[f"{LOGITS_LAYER}/biases"]
    calibrated[f"{LOGITS_LAYER}/biases"] = biases + np.eye(1, len(biases), dtype=np.float32)[0]
    module = shutil.copytree(small_module, tmp_path / "copy")
    before = content(module)
    shutil.copytree(flat, tmp_path / "data" / "train" / "other")
    shutil.copytree(flat, tmp_path / "data" / "validation" / "other")
    command = ("quantize", module, "--calibrate", tmp_path / "data", "--min-agreement")
    code, out, err = run(capsys, *command, 70)
    assert (code, out) == (2, "") and "answers too differently and is not kept" in err
    assert "12 photos, 66.67% answered as in f32; 70% must be" in err and content(module) == before
    assert run(capsys, *command, 60)[0] == 0


def test_int8_needs_its_graph_and_openvino(quantized: Path, small_module: Path) -> None:
    with pytest.raises(ArgumentError, match="has no int8 graph; make one with inception-hub quantize"):
        Module(small_module, precision="int8")
    with pytest.raises(ArgumentError, match="'int8' is OpenVINO's"):
        Module(quantized, precision="int8", engine="torch")
    with pytest.raises(ArgumentError, match="give 'f32' .*, 'bf16', 'int8' or 'auto'"):
        Module(quantized, precision="int4")  # type: ignore[arg-type]


def test_a_cpu_without_the_instructions_answers_in_float32(
    quantized: Path, logits: dict[str, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(engine.CAPABILITIES, "int8", "of another CPU")
    with pytest.warns(UserWarning, match="This CPU has no instructions for int8; it computes in f32"):
        module = Module(quantized, precision="int8")
    assert module.precision == "f32"
    assert np.array_equal(module(IMAGES), logits["f32"])


def test_ranges_and_integers_are_kept_by_name(quantized: Path) -> None:
    stored = bundle.read(quantized)
    assert stored.int8 is not None
    architecture = stored.architecture
    dense = [layer.name for layer in architecture.layers if layer.variables]
    pools = [layer.name for layer in architecture.layers if layer.op == "avg_pool"]
    assert (len(dense), len(pools)) == (70, 7)
    rounded = ["scaled_images", *dense[:-1], *pools, "InceptionV2/global_pool"]
    kinds = [f"{name}/{kind}" for name in dense for kind in ("weights", "scale", "biases")]
    assert set(stored.int8) == {*kinds, *(f"{name}/range" for name in rounded)}
    for (
        name
    ) in dense:  # the folded kernel again, within half a step: the first layer's make up for each other
        kernel, bias = weights.fold(next(x for x in architecture.layers if x.name == name), stored.weights)
        scale, steps = stored.int8[f"{name}/scale"], 10 if name == dense[0] else 0.501
        assert np.all(np.abs(stored.int8[f"{name}/weights"] * scale - kernel) <= steps * scale + 1e-6)
        assert stored.int8[f"{name}/biases"].shape == bias.shape
    low, high = stored.int8["scaled_images/range"]
    assert -1 <= low < high <= 1


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        (
            "InceptionV2/Mixed_3b/Branch_0/Conv2d_0a_1x1/weights",
            None,
            "missing: InceptionV2/Mixed_3b/Branch_0",
        ),
        ("else", np.zeros(1, np.float32), "unexpected: else"),
        (
            "scaled_images/range",
            np.zeros(3, np.float32),
            "of the wrong shape: scaled_images/range [3] instead",
        ),
        (
            "scaled_images/range",
            np.zeros(2),
            "of the wrong dtype: scaled_images/range float64 instead of float32",
        ),
        ("scaled_images/range", np.array([1, -1], np.float32), "from high to low: scaled_images/range"),
        (
            "InceptionV2/global_pool/range",
            np.float32([0, np.inf]),
            "not finite: InceptionV2/global_pool/range",
        ),
        (
            "InceptionV2/Logits/Conv2d_1c_1x1/scale",
            np.full(10, np.nan, np.float32),
            "not finite: InceptionV2/Logits",
        ),
    ],
)
def test_what_does_not_fit_is_named_and_refused(
    quantized: Path,
    logits: dict[str, np.ndarray],
    tmp_path: Path,
    name: str,
    value: np.ndarray | None,
    complaint: str,
) -> None:
    shutil.copytree(quantized, tmp_path / "module")
    arrays = weights.load(tmp_path / "module" / "int8.safetensors") | {name: value}
    made = {name: array for name, array in arrays.items() if array is not None}
    (tmp_path / "module" / "int8.safetensors").unlink()
    bundle.add_int8(tmp_path / "module", made, {})
    if value is None:  # nobody else reads it
        assert np.array_equal(Module(tmp_path / "module")(IMAGES), logits["f32"])
    with pytest.raises(WeightsError, match=re.escape(complaint) + ".*; take another precision, or quantize"):
        Module(tmp_path / "module", precision="int8")(IMAGES)
    with pytest.raises(WeightsError, match=re.escape(complaint)):
        bundle.write(bundle.read(tmp_path / "module"), tmp_path / "copy")


def test_a_quantizer_that_works_otherwise_is_noticed(
    small_module: Path, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import nncf

    shutil.copytree(small_module, tmp_path / "module")
    untouched = content(tmp_path / "module")
    monkeypatch.setattr(nncf, "quantize", lambda graph, *args, **kwargs: graph)
    with pytest.raises(
        QuantizationError, match="NNCF .* in a way that is not known here .*instead of Multiply"
    ):
        quantize(tmp_path / "module", str(photos), max_drop=100)
    assert content(tmp_path / "module") == untouched


def test_in_memory_nothing_refers_to_files(
    quantized: Path, logits: dict[str, np.ndarray], tmp_path: Path
) -> None:
    shutil.copytree(quantized, tmp_path / "module")
    sent = pickle.dumps(bundle.read(tmp_path / "module").in_memory())
    shutil.rmtree(tmp_path / "module")
    for precision in PRECISIONS:
        module = Module(ModuleSpec(pickle.loads(sent)), precision=precision)
        assert np.array_equal(module(IMAGES), logits[precision])


def test_copies_keep_the_graph_and_trained_weights_lose_it(quantized: Path, tmp_path: Path) -> None:
    Module(quantized).export(tmp_path / "copy")
    copy, original = bundle.read(tmp_path / "copy").int8, bundle.read(quantized).int8
    assert copy is not None and original is not None and list(copy) == list(original)
    assert all(np.array_equal(copy[name], array) for name, array in original.items())
    Module(quantized, trainable=True).export(tmp_path / "trained")
    assert bundle.read(tmp_path / "trained").int8 is None
