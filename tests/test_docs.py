"""The docs cannot drift: their blocks run, what they quote is the program's, what they name exists."""

import importlib
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import forked
from helpers.floors import SOURCE

from inception_hub.cli.app import app

ROOT = Path(__file__).resolve().parents[1]
PAGES_THAT_RUN = (
    "similar",  # first: it keeps vectors in the folder that others read
    "python-api",
    "fine-tuning",
    "scikit-learn",
    "explain",
)  # each block, as it stands
PAGES = sorted((ROOT / "docs").glob("*.md"))
# Before each block: what they import, and PyTorch's optimisers do.
IMPORTED = (*forked.ANSWERING, "inception_hub.sklearn", "skimage.data", "torch._dynamo", "pandas", "pyarrow")
README = (ROOT / "README.md").read_text("utf-8")
RUN = [README, *((ROOT / "docs" / f"{name}.md").read_text("utf-8") for name in PAGES_THAT_RUN)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with demo/photos/ as the README has it, and photos/ as the other pages do."""
    folder = tmp_path_factory.mktemp("readme")
    for photos in ("demo/photos", "photos"):
        subprocess.run([sys.executable, ROOT / "recipes" / "demo_photos.py", folder / photos], check=True)
    return folder


@pytest.mark.parametrize(
    "block",
    re.findall(r"```python\n(.*?)```", "\n".join(RUN), re.DOTALL),
)
def test_python_blocks_run(block: str, folder: Path) -> None:
    done = forked.run(code=block, options=("-W", "error"), imported=IMPORTED, folder=folder)
    assert done.returncode == 0, done.stderr


def forked_from_a_shell(command: str, *, cwd: Path, env: dict[str, str], **_: object) -> object:
    """`subprocess.run` of `inception-hub`, both streams in one."""
    python, option, name, *arguments = shlex.split(command)
    assert (python, option, name) == (sys.executable, "-m", "inception_hub")
    return forked.run(*arguments, folder=cwd, environment=env, together=True)


def test_generated_pages_are_up_to_date(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a mismatch: `make docs`."""
    monkeypatch.syspath_prepend(ROOT / "docs")
    generate = importlib.import_module("generate")

    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(generate.subprocess, "run", forked_from_a_shell)
    pages = generate.pages()
    assert len(pages) == 4
    assert [path.name for path, text in pages.items() if path.read_text("utf-8") != text] == []


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) < 150


def test_the_command_page_has_every_command() -> None:
    """By the registered functions; the page is made by walking the commands themselves."""
    names = {command.name or command.callback.__name__ for command in app.registered_commands}
    for group in app.registered_groups:
        below = {each.name or each.callback.__name__ for each in group.typer_instance.registered_commands}
        names |= {group.name, *(f"{group.name} {name}" for name in below)}
    page = (ROOT / "docs" / "cli.md").read_text("utf-8")
    assert set(re.findall("^## (.+)$", page, re.MULTILINE)) == names
    assert {"classify", "cache", "cache gc"} <= names


def test_every_page_says_what_it_is_for() -> None:
    """A sentence of prose below the title, alone in its paragraph: no picture, table or block comes first."""
    for page in PAGES:
        title, first, _ = page.read_text("utf-8").split("\n\n", 2)
        assert re.fullmatch(r"# [^\n]+", title), page.name
        assert re.fullmatch(r"[A-Z`](?!``)[^.]*(\.\w[^.]*)*\.", first), f"{page.name} begins with {first!r}"


def test_the_architecture_page_names_what_exists() -> None:
    """`file`: `name` and `name`, a name being defined in the file or in some file of the folder."""
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    named = re.findall(r"`([\w/]+(?:/|\.py))`(?:: `(\w+)`(?: and `(\w+)`)?)?", page)
    assert len(named) > 60
    for place, *names in named:
        path = next((root / place for root in (SOURCE, ROOT) if (root / place).exists()), None)
        assert path is not None, place
        files = [path] if path.is_file() else list(path.rglob("*.py"))
        text = "\n".join(file.read_text("utf-8") for file in files)
        for name in filter(None, names):
            definition = rf"^(?: *(?:async )?(?:def|class) {name}\b|{name}\b.* = )"
            assert re.search(definition, text, re.MULTILINE), f"{place}: {name}"


def test_links_lead_somewhere() -> None:
    for page in [*ROOT.glob("*.md"), *PAGES]:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text("utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
