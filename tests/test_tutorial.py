"""The tutorial's commands print what stands below them, and its Python runs; on another run: `make docs`."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "docs"))

import console  # noqa: E402

PAGE = (ROOT / "docs" / "tutorial.md").read_text("utf-8")
PAGES = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]


def test_output_goes_below_its_command(tmp_path: Path) -> None:
    page = "```console\n$ echo one\nstale\n$ cd /\n```\ntext\n```console\n$ pwd; echo 8000 >&2\n```\n"
    commands = console.commands(page)
    assert commands == ["echo one", "cd /", "pwd; echo 8000 >&2"]
    made = console.with_output(page, console.printed(commands, tmp_path))
    assert made == (
        "```console\n$ echo one\none\n$ cd /\n```\ntext\n```console\n$ pwd; echo 8000 >&2\n/\n8000\n```\n"
    )


def test_console_blocks_stand_where_they_are_run() -> None:
    """`generate.py` runs the README's; the test below the tutorial's."""
    assert {page.name for page in PAGES if "```console" in page.read_text("utf-8")} == {
        "README.md",
        "tutorial.md",
    }


def without_figures(text: str) -> str:
    """Numbers and bars differ in their last digits from machine to machine, and not all have bfloat16."""
    text = text.replace(", as this CPU has no instructions for bfloat16", "")
    return re.sub(r"[█▏▎▍▌▋▊▉]+|\d[\d,.]*(e-\d+)?", "#", re.sub(" +", " ", text))


@pytest.mark.slow
def test_the_tutorial_prints_what_it_says(tmp_path: Path) -> None:
    commands = console.commands(PAGE)
    made = console.with_output(PAGE, console.printed(commands, tmp_path))
    assert without_figures(made) == without_figures(PAGE)
    (block,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", block],
        cwd=tmp_path / "tutorial",
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
