"""What a package index shows, and what is built from: README, version, recipe, workflows, image."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

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


def test_the_conda_recipe_asks_for_what_the_base_install_does() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    everywhere = [each.replace(">=", " >=") for each in project["dependencies"] if ";" not in each]
    recipe = yaml.safe_load((ROOT / "packaging" / "conda" / "recipe.yaml").read_text("utf-8"))
    assert recipe["requirements"]["run"] == [f"python {project['requires-python']}", *everywhere]


def steps() -> list[dict[str, str]]:
    """Of all jobs of the workflows, which the source archive has not."""
    workflows = ROOT / ".github" / "workflows"
    if not workflows.is_dir():
        pytest.skip("no workflows beside the source archive")
    files = sorted(workflows.iterdir())
    jobs = [job for file in files for job in yaml.safe_load(file.read_text("utf-8"))["jobs"].values()]
    return [step for job in jobs for step in job["steps"]]


def test_workflows_call_targets_that_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    called = {word for step in steps() for word in re.findall(r"\bmake (\S+)", step.get("run", ""))}
    assert {"demo", "test", "floors", "release"} <= called <= targets


def test_workflows_name_actions_by_commit_since_tags_can_be_moved() -> None:
    used = [step["uses"] for step in steps() if "uses" in step]
    assert used
    for action in used:
        assert re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40}", action), action


def test_compose_file_fits_the_image_and_prometheus() -> None:
    packaging = ROOT / "packaging"
    variables = dict(re.findall(r"(INCEPTION_HUB_\w+)=(\S+)", (packaging / "Dockerfile").read_text("utf-8")))
    (name, server), (_, prometheus) = yaml.safe_load((packaging / "compose.yaml").read_text("utf-8"))[
        "services"
    ].items()
    port = variables["INCEPTION_HUB_SERVE_PORT"]
    assert server["tmpfs"] == [variables["INCEPTION_HUB_CACHE"]] and server["ports"][0].endswith(f":{port}")
    (job,) = yaml.safe_load((packaging / "prometheus.yml").read_text("utf-8"))["scrape_configs"]
    assert job["static_configs"] == [{"targets": [f"{name}:{port}"]}]
    assert server["environment"] == {"INCEPTION_HUB_SERVE_ALLOWED_HOST": name}  # what Prometheus asks for
    assert prometheus["volumes"] == ["./prometheus.yml:/etc/prometheus/prometheus.yml:ro"]
