"""`bench`: tables for people, JSON for programs."""

import json

import pytest
from helpers.command import run
from rich.table import Table

from inception_hub import benchmark
from inception_hub.benchmark import Figures, NetworkFigures, PhotoFigures

FIGURES = Figures(
    "small",
    (64, 48),
    0.1234,
    {"cpu": "A CPU", "cores": 2, "openvino": "1.2"},
    {"f32": 99.4},
    [
        NetworkFigures("torch", "f32", 8, 1.25, 2.5, 640.0, 12.0, None, None),
        NetworkFigures("openvino", "bf16", 32, 1234.5, 2345.6, 1234.5, 1234.0, 0.71, 1234.5),
    ],
    [PhotoFigures("f32", 5.0, 1.0, 3.0, 170.5)],
)


@pytest.fixture(autouse=True)
def _figures(monkeypatch: pytest.MonkeyPatch, small_module: object) -> None:
    monkeypatch.setattr(benchmark, "bench", lambda *_, **__: FIGURES)  # what it measures: test_benchmark.py


def test_tables(capsys: pytest.CaptureFixture[str], small_module: object) -> None:
    code, out, err = run(capsys, "bench", "--module", small_module)
    assert (code, err) == (0, "")
    assert "small, 64 x 48 px, 0.123 GMAC an image; A CPU, 2 cores, OpenVINO 1.2" in out
    assert "A matrix product here: f32 99 GFLOP/s" in out
    (row,) = [line.split() for line in out.splitlines() if line.strip().startswith("torch")]
    assert row == ["torch", "f32", "8", "1.2", "2.5", "640.0", "12"]
    assert "170.5" in out


def test_the_tables_are_whole_in_60_columns(capsys: pytest.CaptureFixture[str]) -> None:
    from rich.console import Console

    from inception_hub.cli import bench

    shown: list[str] = []

    def put_table(table: Table) -> None:
        console = Console(width=60)
        with console.capture() as capture:
            console.print(table)
        shown.append(capture.get())

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bench, "put_table", put_table)
        bench._show(FIGURES)
    networks, photos = shown
    assert "…" not in networks + photos
    rows = [line.split() for line in networks.splitlines() if "bf16" in line]
    assert rows == [["openvino", "bf16", "32", "1234.5", "2345.6", "1234.5", "1234", "71%", "1234"]]


def test_json(capsys: pytest.CaptureFixture[str], small_module: object) -> None:
    code, out, _ = run(capsys, "bench", "--module", small_module, "--json")
    found = json.loads(out)
    assert code == 0 and found["networks"][0]["share"] is None and found["photos"][0]["resize_ms"] == 1.0
