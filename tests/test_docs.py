"""The docs cannot drift: README blocks run, quoted output is the program's, public names are documented."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import inception_hub

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text("utf-8")
FINE_TUNING, SCIKIT_LEARN = (
    (ROOT / "docs" / f"{name}.md").read_text("utf-8") for name in ("fine-tuning", "scikit-learn")
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with photos/ as the README has it."""
    folder = tmp_path_factory.mktemp("readme")
    subprocess.run([sys.executable, ROOT / "recipes" / "demo_photos.py", folder / "photos"], check=True)
    return folder


@pytest.mark.parametrize(
    "block",
    re.findall(r"```python\n(.*?)```", README + FINE_TUNING + SCIKIT_LEARN, re.DOTALL),
)
def test_python_blocks_run(block: str, folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", block], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_generated_pages_are_up_to_date() -> None:
    """On a mismatch: `make docs`."""
    code = (
        "import sys; sys.path.insert(0, 'docs'); import generate; "
        "print([str(path) for path, text in generate.pages().items() if path.read_text('utf-8') != text])"
    )
    environment = os.environ | {"COLUMNS": "90"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, env=environment
    )
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) < 200


def test_every_public_name_is_documented() -> None:
    page = (ROOT / "docs" / "python-api.md").read_text("utf-8")
    for name in inception_hub.__all__:
        assert f"`{name}" in page, name
    for kind in (inception_hub.Module, inception_hub.ModuleSpec):
        for member in vars(kind):
            if not member.startswith("_"):
                assert re.search(rf"\b{member}\b", page), f"{kind.__name__}.{member}"
                assert getattr(kind, member).__doc__, f"{kind.__name__}.{member}"


def test_links_lead_somewhere() -> None:
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text("utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_only_existing_files_are_named_in_the_tree() -> None:
    tree = re.search(r"## What is where\n\n```text\n(.*?)```", README, re.DOTALL)
    assert tree is not None
    for name in re.findall(r"\b[a-z_]+\.py\b", tree[1]):
        assert list(ROOT.rglob(f"src/inception_hub/**/{name}")) or (ROOT / "tests" / name).exists(), name
