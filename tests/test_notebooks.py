"""The notebooks run, and print what they hold; on another output: `make docs`."""

import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "docs"))

nbformat = pytest.importorskip("nbformat")
import run_notebooks  # noqa: E402

NOTEBOOKS = sorted(run_notebooks.NOTEBOOKS.glob("*.ipynb"))


def test_there_are_three() -> None:
    assert [path.stem for path in NOTEBOOKS] == ["fine-tuning", "hub-module", "serving-and-heatmaps"]


def outputs(notebook: Any) -> list[list[tuple[str, str]]]:
    """What each cell shows: kind and text; of pictures that there is one."""
    return [
        [
            (output.output_type, output.get("text") or output.data.get("text/plain", ""))
            for output in cell.get("outputs", ())
        ]
        for cell in notebook.cells
    ]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of Jupyter's own: loopback without encryption, event loops
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_shows_what_it_holds(path: Path) -> None:
    held = nbformat.read(path, as_version=4)
    assert outputs(run_notebooks.executed(path)) == outputs(held)
    assert any(map(bool, outputs(held)))
    assert not any(text for cell in outputs(held) for kind, text in cell if kind in ("stream", "error"))
