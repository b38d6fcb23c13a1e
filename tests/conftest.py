"""Every test has a cache of its own and no network beyond this machine."""

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from PIL import Image

    from inception_hub import Module, ModuleSpec

# PyTorch's threads wait by spinning: those of several processes would keep each other from work.
os.environ["OMP_NUM_THREADS"] = "1" if "PYTEST_XDIST_WORKER" in os.environ else "2"


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    caches = {name: tmp_path_factory.mktemp("cache") for name in ("INCEPTION_HUB_CACHE", "TFHUB_CACHE_DIR")}
    for name, folder in caches.items():
        monkeypatch.setenv(name, str(folder))
    monkeypatch.delenv("INCEPTION_HUB_OFFLINE", raising=False)
    yield
    for folder in caches.values():  # of all tests together, gigabytes
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def small_module(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A module directory of a thin network with ten classes, 64 x 64."""
    from helpers.weights_from_seed import random_weights

    from inception_hub import bundle
    from inception_hub.architecture import Architecture
    from inception_hub.labels import Labels

    architecture = Architecture(0.25, 10)
    weights = random_weights({name: v.shape for name, v in architecture.variables.items()}, 1)
    directory = tmp_path_factory.mktemp("modules") / "small"
    bundle.write(
        bundle.Bundle(
            name="small",
            architecture=architecture,
            weights=weights,
            labels=Labels(tuple("abcdefghij"), (None,) * 10),
            provenance=bundle.Provenance("random numbers", "Apache-2.0"),
            image_size=(64, 64),
        ),
        directory,
    )
    return directory


@pytest.fixture(scope="session")
def calibrated_module(small_module: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the small module that holds a calibration on 120 images; nobody changes it."""
    from helpers.calibrated import calibrated

    directory = tmp_path_factory.mktemp("calibrated") / "small"
    calibrated(small_module, directory)
    return directory


@pytest.fixture(scope="module")
def spec(small_module: Path) -> "ModuleSpec":
    """The small module before an engine makes it runnable."""
    from inception_hub import load_module_spec

    return load_module_spec(small_module)


@pytest.fixture(scope="module")
def module(spec: "ModuleSpec") -> "Module":
    """The small module on the default engine."""
    from inception_hub import Module

    return Module(spec)


@pytest.fixture(scope="module")
def pair() -> "Image.Image":
    """A cat to the left, a cup of coffee to the right."""
    from PIL import Image, ImageOps
    from skimage import data

    whole = Image.new("RGB", (800, 400))
    for left, name in ((0, "chelsea"), (400, "coffee")):
        whole.paste(ImageOps.fit(Image.fromarray(getattr(data, name)()), (400, 400)), (left, 0))
    return whole


@pytest.fixture
def no_matplotlib(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where matplotlib is not installed: reports that a test does not look at have no plots, which take
    most of the time of a short run."""
    monkeypatch.setitem(sys.modules, "matplotlib", None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Headless Chromium, for tests marked `browser`."""
    from helpers.browsing import chromium

    with chromium() as started:
        yield started
