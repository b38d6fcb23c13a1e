"""Modules in kagglehub's cache: folders laid out as kagglehub 1.0.3 lays them out."""

from pathlib import Path

import pytest
from helpers.command import run
from helpers.tensorflow_writer import write_hub_module

import inception_hub as hub
from inception_hub import weights
from inception_hub.architecture import Architecture
from inception_hub.errors import HandleError

HANDLE = "kagglehub://google/inception-v2/tensorFlow1/classification"
SMALL = Architecture(0.01, 10)
STEM = next(layer.pointwise_weights for layer in SMALL.layers)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KAGGLEHUB_CACHE", str(tmp_path / "kaggle"))
    return tmp_path / "kaggle" / "models" / "google" / "inception-v2" / "tensorFlow1" / "classification"


def downloaded(cache: Path, version: str, seed: int, *, whole: bool = True) -> float:
    """Makes a version in the cache; gives the first value of its stem."""
    arrays = weights.initialise(SMALL, seed)
    write_hub_module(cache / version, dict(arrays), (96, 160))
    if whole:
        (cache / f"{version}.complete").touch()
    return float(arrays[STEM].flat[0])


def first(handle: str) -> float:
    return float(hub.load_module_spec(handle).bundle.weights[STEM].flat[0])


def test_a_version_and_the_newest_one_that_is_whole(cache: Path) -> None:
    old, new = downloaded(cache, "9", 0), downloaded(cache, "10", 1)
    downloaded(cache, "11", 2, whole=False)
    assert first(f"{HANDLE}/9") == old and first(f"{HANDLE}/10") == new != old
    assert first(HANDLE) == first(f"{HANDLE}/") == new
    bundle = hub.load_module_spec(HANDLE).bundle
    assert (bundle.name, bundle.image_size) == ("inception-v2", (96, 160))
    assert bundle.provenance.source == f"{HANDLE}/10"


def test_what_is_converted_once_needs_no_files_of_kagglehub(cache: Path) -> None:
    kept = downloaded(cache, "2", 0)
    path = hub.resolve(f"{HANDLE}/2")
    for file in (cache / "2" / "variables").iterdir():
        file.unlink()
    assert hub.resolve(f"{HANDLE}/2") == path and first(f"{HANDLE}/2") == kept


def test_what_is_not_there_is_said(capsys: pytest.CaptureFixture[str], cache: Path) -> None:
    code, out, err = run(capsys, "info", f"{HANDLE}/3")
    assert (code, out) == (2, "") and "is not in kagglehub's cache" in err
    assert "model_download('google/inception-v2/tensorFlow1/classification/3')" in err
    downloaded(cache, "3", 0, whole=False)
    for handle in (HANDLE, f"{HANDLE}/3"):
        with pytest.raises(HandleError, match="is not in kagglehub's cache, .*kaggle; fetch it there"):
            hub.resolve(handle)


@pytest.mark.parametrize(
    "handle",
    ["", "a", "a/b/c", "a/b/c/../1", "a/b/c/d/e", "a/b/c/d/1/2", "a/b/c/d\n", "../b/c/d", "a/b/c/d/-1"],
)
def test_handles_of_another_form_are_refused(handle: str) -> None:
    with pytest.raises(HandleError, match="names no model; give kagglehub://owner/model/framework/variation"):
        hub.resolve(f"kagglehub://{handle}")


def test_the_folder_below_home_is_looked_in(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KAGGLEHUB_CACHE")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home" / ".cache").mkdir(parents=True)
    kept = downloaded(cache, "1", 0)
    (tmp_path / "kaggle").rename(tmp_path / "home" / ".cache" / "kagglehub")
    assert first(HANDLE) == kept


@pytest.mark.exports
def test_where_kagglehub_itself_puts_a_model(cache: Path) -> None:
    from kagglehub.cache import Cache
    from kagglehub.handle import parse_model_handle

    name = parse_model_handle(f"{HANDLE.removeprefix('kagglehub://')}/4")
    kept = downloaded(Path(Cache().get_path(name)).parent, "4", 0, whole=False)
    Cache().mark_as_complete(name)
    assert first(HANDLE) == kept and (cache / "4.complete").exists()
