"""`bench`: which configurations it measures, and that its figures follow from one another."""

import json
from collections.abc import Iterable, Iterator
from importlib import util
from pathlib import Path

import numpy as np
import pytest
from helpers.command import run
from PIL import Image

from inception_hub import benchmark, load_module_spec
from inception_hub.benchmark import bench, configurations, made_photo, summary
from inception_hub.engines.openvino import OpenVINOEngine
from inception_hub.errors import ArgumentError
from inception_hub.inference.decoding import Photo


def test_figures_follow_from_the_calls() -> None:
    calls = [0.010] * 98 + [0.020, 0.030]
    found = summary("openvino", "f32", 4, calls, 250_000_000, 400.0, 123.0)
    assert found.median_ms == pytest.approx(10)
    assert found.p99_ms == pytest.approx(1e3 * np.percentile(calls, 99))
    assert found.images_per_second == pytest.approx(400)
    assert found.gflops == pytest.approx(200) and found.share == pytest.approx(0.5)
    assert summary("torch", "bf16", 1, calls, 1, None, None).share is None


def test_configurations(small_module: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OpenVINOEngine, "computes", staticmethod(lambda precision, device: True))
    float_only = list(configurations(load_module_spec(small_module)))
    assert float_only[:2] == [("openvino", "f32"), ("openvino", "bf16")]
    assert ("openvino", "int8") in list(configurations(load_module_spec("tiny_imagenet")))
    assert (("torch", "f32") in float_only) == bool(util.find_spec("torch"))
    assert ("torch", "int8") not in float_only


def test_what_the_cpu_lacks_is_not_measured_as_f32(
    small_module: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        OpenVINOEngine, "computes", staticmethod(lambda precision, device: precision == "f32")
    )
    here = list(configurations(load_module_spec("tiny_imagenet")))
    assert [precision for engine, precision in here if engine == "openvino"] == ["f32"]
    assert (("torch", "bf16") in here) == bool(util.find_spec("torch"))


@pytest.mark.parametrize("engines", ["openvino", pytest.param("openvino and torch", marks=pytest.mark.slow)])
def test_from_the_command_line(
    engines: str, capsys: pytest.CaptureFixture[str], small_module: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Every configuration is measured in a process of its own, which for PyTorch takes seconds to start."""
    spec = load_module_spec(small_module)
    measured = [each for each in configurations(spec) if each[0] in engines.split()]
    monkeypatch.setattr(benchmark, "configurations", lambda spec: iter(measured))
    Image.new("RGB", (320, 240)).save(tmp_path / "photo.png")
    command = ("bench", "--module", small_module, "--seconds", 0.01, "--batch", 2, "--photos", tmp_path)
    code, out, err = run(capsys, *command, "--json")
    assert code == 0 and err == ""
    found = json.loads(out)
    assert (found["module"], found["image_size"]) == ("small", [64, 64])
    assert found["gmacs"] == pytest.approx(spec.architecture.macs(64, 64) / 1e9)
    assert [(n["engine"], n["precision"]) for n in found["networks"]] == measured
    for network in found["networks"]:
        rate = network["batch"] / network["median_ms"] * 1e3
        assert network["images_per_second"] == pytest.approx(rate)
        assert network["gflops"] == pytest.approx(2 * found["gmacs"] * rate)
        assert network["p99_ms"] >= network["median_ms"] > 0 and network["peak_mb"] > 50
    on_openvino = [precision for engine, precision in measured if engine == "openvino"]
    assert list(found["products"]) == [p["precision"] for p in found["photos"]] == on_openvino
    assert on_openvino[0] == "f32"
    assert all(p[key] > 0 for p in found["photos"] for key in ("decode_ms", "resize_ms", "network_ms"))


@pytest.mark.slow
def test_the_table_fits(
    capsys: pytest.CaptureFixture[str], small_module: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "90")
    code, out, _ = run(capsys, "bench", "--module", small_module, "--seconds", 0.01, "--batch", 1)
    assert code == 0 and max(map(len, out.splitlines())) <= 90
    assert "images /s" in out and "photos/s, overlapped" in out and "…" not in out


def test_mistakes(capsys: pytest.CaptureFixture[str], small_module: Path, tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="batch is 0; give 1 or more"):
        bench(small_module, batch=0)
    with pytest.raises(ArgumentError, match="seconds is 0; give more than 0"):
        bench(small_module, seconds=0)
    code, out, err = run(capsys, "bench", "--module", small_module, "--photos", tmp_path)
    assert (code, out) == (2, "") and "holds no photo" in err


def test_the_made_photo_is_of_an_ordinary_kind() -> None:
    photo = made_photo()
    assert photo[:2] == b"\xff\xd8" and 100_000 < len(photo) < 1_000_000
    assert photo == made_photo()


def test_a_few_photos_are_sent_again_until_there_are_enough(
    small_module: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[int] = []

    def counted(module: object, photos: Iterable[Photo], options: object) -> Iterator[None]:
        sent.append(len(list(photos)))
        return iter(())

    monkeypatch.setattr(benchmark, "infer", counted)
    found = benchmark.time_photos(str(small_module), "f32", [made_photo()] * 3, 0.001)
    assert sent == [2 * benchmark.BATCH_SIZE, benchmark.THROUGH]
    assert found.precision == "f32" and found.images_per_second > 0
