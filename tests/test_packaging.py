"""What a package index shows: the README with links that lead somewhere, and one version."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import inception_hub

ROOT = Path(__file__).resolve().parents[1]
FILES = re.compile(
    r"https://(?:github\.com|raw\.githubusercontent\.com)/inception-hub/inception-hub/(?:blob/)?main/(\S+)"
)


@pytest.fixture(scope="module")
def metadata() -> dict[str, str]:
    """As the wheel's, by what builds it."""
    command = [sys.executable, "-m", "hatchling", "metadata"]
    return json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout)


def test_the_version_stands_once(metadata: dict[str, str]) -> None:
    assert metadata["version"] == inception_hub.__version__
    assert "version =" not in (ROOT / "pyproject.toml").read_text("utf-8").split("[project.urls]")[0]


def test_links_and_pictures_of_the_readme_are_whole_addresses(metadata: dict[str, str]) -> None:
    text = metadata["readme"]["text"] if isinstance(metadata["readme"], dict) else metadata["readme"]
    targets = re.findall(r"\]\(([^\s)]+)\)", text)
    assert len(targets) == len(re.findall(r"\]\(([^\s)]+)\)", (ROOT / "README.md").read_text("utf-8"))) > 20
    for target in targets:
        found = FILES.fullmatch(target)
        assert found and (ROOT / found[1]).is_file(), target
    picture = next(target for target in targets if target.endswith(".jpg"))
    assert picture.startswith("https://raw.")  # as no page of a file can be shown as a picture
