"""The bound on the memory that a module's own image size takes."""

from dataclasses import replace
from pathlib import Path

import pytest
from helpers.manifests import edit

from inception_hub import Module, bundle
from inception_hub.bundle import images_at_once
from inception_hub.bundle.memory import image_bytes
from inception_hub.errors import ArgumentError
from inception_hub.module_spec import load_module_spec


def test_a_size_in_the_manifest_does_not_take_all_memory(copy: Path) -> None:
    edit(copy, image_size=[16384, 16384])
    assert load_module_spec(copy).image_size == (16384, 16384)  # it can be looked at
    message = (
        r"takes about \d+\.\d GB for one image of 16384 x 16384 pixels, and 2 GB are allowed; "
        r"set INCEPTION_HUB_IMAGE_GB=\d+ if you mean it"
    )
    for engine in ("openvino", "torch"):
        with pytest.raises(ArgumentError, match=message):
            Module(copy, engine=engine)


def test_more_can_be_allowed(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = replace(bundle.read(copy), image_size=(16384, 16384))
    monkeypatch.setenv("INCEPTION_HUB_IMAGE_GB", "1000")
    assert images_at_once(made) >= 1
    monkeypatch.setenv("INCEPTION_HUB_IMAGE_GB", "0.0001")
    with pytest.raises(ArgumentError, match=r"and 0\.0001 GB are allowed"):
        Module(copy)


@pytest.mark.parametrize("given", ["much", "0", "-1", "nan", "inf"])
def test_senseless_limits(copy: Path, monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("INCEPTION_HUB_IMAGE_GB", given)
    with pytest.raises(ArgumentError, match=f"INCEPTION_HUB_IMAGE_GB is '{given}'; give gigabytes"):
        Module(copy)


def test_batches_share_the_memory(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = bundle.read(copy)
    needed = image_bytes(made.architecture, 64, 64)
    monkeypatch.setenv("INCEPTION_HUB_IMAGE_GB", str(needed * 3.5 / 1e9))
    assert images_at_once(made) == 3
