"""Compiled graphs on disk: that they save work, and that nothing wrong ever comes of them."""

import hashlib
import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers.cases import images_from_seed
from helpers.precisions import needs_bf16

from inception_hub import Module, bundle, load_module_spec
from inception_hub.architecture import LOGITS
from inception_hub.engines.compiled_graphs import CompiledGraphCache
from inception_hub.errors import WeightsError
from inception_hub.sources.cache import default_cache
from inception_hub.weights import LazyWeights

IMAGES = images_from_seed((2, 64, 64, 3), 3)


@pytest.fixture
def folder() -> Path:
    return Path(os.environ["INCEPTION_HUB_CACHE"]) / "graphs"


def stored(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.graph"))


def untouched(module: Module) -> bool:
    """Whether the weights' file was not read."""
    weights = module.spec.bundle.weights
    assert isinstance(weights, LazyWeights)
    return "arrays" not in vars(weights)


def test_the_second_time_needs_no_weights(small_module: Path, folder: Path) -> None:
    first = Module(small_module)
    expected = first(IMAGES)
    assert not untouched(first) and len(stored(folder)) == 1
    second = Module(small_module)
    assert np.array_equal(second(IMAGES), expected) and untouched(second)
    assert len(stored(folder)) == 1
    vectors = second(IMAGES, signature="image_feature_vector")
    assert vectors.shape == (2, 256) and len(stored(folder)) == 2
    assert np.array_equal(Module(small_module).variables[0], first.variables[0])


def test_other_weights_have_graphs_of_their_own(small_module: Path, folder: Path, tmp_path: Path) -> None:
    before = Module(small_module)(IMAGES)
    changed = Module(small_module, trainable=True)
    for variable in changed.trainable_variables:
        variable.data.mul_(0.5)
    changed.export(tmp_path / "changed")
    after = Module(tmp_path / "changed")(IMAGES)
    assert not np.allclose(before, after) and len(stored(folder)) == 2


@needs_bf16
def test_other_precisions_have_graphs_of_their_own(small_module: Path, folder: Path) -> None:
    Module(small_module)(IMAGES)
    Module(small_module, precision="bf16")(IMAGES)
    assert len(stored(folder)) == 2


def test_the_same_weights_at_another_default_size(small_module: Path, folder: Path, tmp_path: Path) -> None:
    spec = load_module_spec(small_module)
    Module(small_module)(IMAGES)
    bundle.write(replace(spec.bundle, image_size=(32, 48)), tmp_path / "other")
    assert (tmp_path / "other" / "weights.safetensors").read_bytes() == (
        small_module / "weights.safetensors"
    ).read_bytes()
    assert Module(tmp_path / "other")(images_from_seed((2, 32, 48, 3), 3)).shape == (2, 10)
    assert len(stored(folder)) == 2


def test_only_the_default_size_and_single_outputs_are_kept(small_module: Path, folder: Path) -> None:
    module = Module(small_module)
    module(images_from_seed((1, 75, 75, 3), 0))
    module(IMAGES, as_dict=True)
    module.endpoints(IMAGES, (LOGITS,), share_cores=True)
    assert not stored(folder)


@pytest.mark.parametrize("damage", [lambda b: b[:-1], lambda b: b[:100] + b"?" + b[101:], lambda b: b""])
def test_a_damaged_graph_is_made_anew(small_module: Path, folder: Path, damage: object) -> None:
    expected = Module(small_module)(IMAGES)
    (path,) = stored(folder)
    whole = path.read_bytes()
    path.write_bytes(damage(whole))  # type: ignore[operator]
    assert np.array_equal(Module(small_module)(IMAGES), expected)
    assert path.stat().st_size > 0.99 * len(whole)


def test_what_the_engine_cannot_take_is_made_anew(small_module: Path, folder: Path) -> None:
    expected = Module(small_module)(IMAGES)
    (path,) = stored(folder)
    other = b"of another version"
    path.write_bytes(hashlib.sha256(other).digest() + other)
    assert np.array_equal(Module(small_module)(IMAGES), expected)
    assert path.stat().st_size > 1000


def test_without_a_place_to_keep_it_answers_come_all_the_same(
    small_module: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = Module(small_module)(IMAGES)
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("INCEPTION_HUB_CACHE", str(tmp_path / "file"))
    assert np.array_equal(Module(small_module)(IMAGES), expected)


def test_unknown_weights_are_checked_at_once(small_module: Path) -> None:
    weights = load_module_spec(small_module).bundle.weights
    assert isinstance(weights, LazyWeights) and "arrays" in vars(weights)


def test_unread_graphs_are_cleared_away(small_module: Path, folder: Path) -> None:
    module = Module(small_module)
    module(IMAGES)
    module(IMAGES, signature="image_feature_vector")
    for path in stored(folder):
        os.utime(path, (0, 0))
    Module(small_module)(IMAGES)  # reads one of them
    (gone,) = default_cache().gc()
    assert not gone.exists() and len(stored(folder)) == 1


def test_a_graph_vouches_for_its_own_architecture_only(small_module: Path, tmp_path: Path) -> None:
    """The same weights in a module that says they are for other classes are read, and refused."""
    Module(small_module)(IMAGES)
    other = tmp_path / "other"
    shutil.copytree(small_module, other)
    manifest = bundle.read_manifest(other)
    manifest["architecture"]["num_classes"] = 9
    manifest["wordnet_ids"] = None
    labels = "".join(f"class {number}\n" for number in range(9)).encode()
    (other / "labels.txt").write_bytes(labels)
    manifest["files"]["labels.txt"] = {"size": len(labels), "sha256": hashlib.sha256(labels).hexdigest()}
    (other / "module.json").write_text(json.dumps(manifest), "utf-8")
    with pytest.raises(WeightsError, match="Conv2d_1c_1x1"):
        load_module_spec(other)


def loaded(cache: CompiledGraphCache, what: str) -> bytes:
    graph = cache.load(what)
    assert graph is not None
    return graph.tobytes()


def test_one_changed_byte_makes_a_graph_count_as_none(tmp_path: Path) -> None:
    cache = CompiledGraphCache(tmp_path, "weights", (64, 64))
    cache.store("key", b"a compiled graph")
    assert loaded(cache, "key") == b"a compiled graph" and cache.load("another key") is None
    (path,) = stored(tmp_path)
    whole = path.read_bytes()
    for damaged in (whole[:-1], whole[:-1] + b"?", b"?" + whole[1:], b""):
        path.write_bytes(damaged)
        assert cache.load("key") is None
    path.write_bytes(whole)
    graph = cache.load("key")
    assert graph is not None
    graph[0] ^= 1
    assert loaded(cache, "key") == b"a compiled graph"
