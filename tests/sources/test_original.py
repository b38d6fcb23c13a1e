"""The original under all its names: downloaded, from TF-Hub's cache, or from ours."""

import hashlib
import os
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest
from helpers.resolving import HUB_ENTRY, Server, unpacked

from inception_hub import bundle
from inception_hub.errors import DownloadError
from inception_hub.sources import original as published
from inception_hub.sources.cache import default_cache
from inception_hub.sources.original import CLASSIFICATION, FEATURE_VECTOR, ORIGINAL, Original
from inception_hub.sources.resolve import is_cached, resolve


def test_the_published_facts_of_the_original() -> None:
    file = "download.tensorflow.org/models/inception_v2_2016_08_28.tar.gz"
    assert ORIGINAL.urls == (f"http://{file}", f"https://storage.googleapis.com/{file}")
    assert ORIGINAL.size == 41_577_079
    assert ORIGINAL.sha384 == (
        "c0b2efbae8fc5e237ae67637dca3f311d4b4f7da576b56067e83d95c398a2fccd50baff9cc0de64335f4d7b78e1adb07"
    )


SPELLINGS = [
    "imagenet",
    CLASSIFICATION,
    f"https://tfhub.dev/{CLASSIFICATION}",
    f"http://tfhub.dev/{CLASSIFICATION}/",
    f"https://tfhub.dev/{CLASSIFICATION}?tf-hub-format=compressed",
]


@pytest.mark.parametrize("handle", SPELLINGS)
def test_the_original_is_downloaded_once_from_the_first_mirror_that_has_it(
    server: Server, original: Original, handle: str
) -> None:
    assert not is_cached(handle)
    progress: list[tuple[int, int | None]] = []
    path = resolve(handle, progress=lambda *state: progress.append(state))
    assert server.asked == ["/missing.tar.gz", "/original.tar.gz"]
    assert progress[-1] == (original.size, original.size)
    assert bundle.read(path).architecture.num_classes == 3
    assert [resolve(spelling) for spelling in SPELLINGS] == [path] * len(SPELLINGS)
    assert all(is_cached(spelling) for spelling in SPELLINGS) and not is_cached(FEATURE_VECTOR)
    assert len(server.asked) == 2


def test_the_feature_vector_is_the_same_network_without_its_head(server: Server, original: Original) -> None:
    features = bundle.read(resolve(FEATURE_VECTOR))
    whole = bundle.read(resolve(CLASSIFICATION))
    assert len(server.asked) == 2  # one download for both
    assert features.name == FEATURE_VECTOR and features.architecture.num_classes == len(features.labels) == 0
    assert features.weights.keys() == {name for name in whole.weights if "/Logits/" not in name}
    assert all(np.array_equal(array, whole.weights[name]) for name, array in features.weights.items())
    assert is_cached(f"https://tfhub.dev/{FEATURE_VECTOR}")


def test_a_slim_checkpoint_as_the_original(
    server: Server, originals: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(originals / "slim_v1_checkpoint.tar.gz", tmp_path / "served")
    content = (originals / "slim_v1_checkpoint.tar.gz").read_bytes()
    url = f"{server.url}/slim_v1_checkpoint.tar.gz"
    original = Original((url,), len(content), hashlib.sha384(content).hexdigest())
    monkeypatch.setattr(published, "ORIGINAL", original)
    made = bundle.read(resolve("imagenet"))
    assert (made.name, made.provenance.source, made.provenance.licence) == (CLASSIFICATION, url, "Apache-2.0")
    assert len(made.labels) == 1001


def test_a_download_that_is_not_the_original_is_refused(
    server: Server, original: Original, monkeypatch: pytest.MonkeyPatch
) -> None:
    for wrong in (
        Original(original.urls, original.size, "0" * 96),
        Original(original.urls, original.size + 1, original.sha384),
        Original(original.urls, original.size - 1, original.sha384),
    ):
        monkeypatch.setattr(published, "ORIGINAL", wrong)
        with pytest.raises(
            DownloadError, match=r"missing.*HTTP 404.* or .*original.*instead of.*give its path"
        ):
            resolve("imagenet")
        assert not is_cached("imagenet") and default_cache().ls() == []


def test_offline_the_sources_and_the_way_out_are_named() -> None:
    for handle in (CLASSIFICATION, FEATURE_VECTOR):
        with pytest.raises(DownloadError, match="INCEPTION_HUB_OFFLINE.*local file") as caught:
            resolve(handle)
        assert all(url in str(caught.value) for url in ORIGINAL.urls)


def test_the_original_fetched_by_hand_is_found_by_its_handle(
    original: Original, tmp_path: Path, server: Server
) -> None:
    archive = shutil.copy(tmp_path / "served" / "original.tar.gz", tmp_path / "by_hand.bin")
    path = resolve(archive)
    assert is_cached("imagenet") and resolve("imagenet") == path
    assert not server.asked


@pytest.mark.parametrize("spelling", SPELLINGS[1:])
def test_a_tf_hub_cache_comes_before_the_network(tmp_path: Path, originals: Path, spelling: str) -> None:
    entry = hashlib.sha1(spelling.encode()).hexdigest()
    assert spelling != SPELLINGS[2] or entry == HUB_ENTRY
    unpacked(originals / "tf1_hub_module.tar.gz", tmp_path / "tfhub" / entry)
    path = resolve(spelling)  # offline
    made = bundle.read(path)
    assert (made.name, made.architecture.num_classes) == (CLASSIFICATION, 1001)
    assert made.provenance.source == f"https://tfhub.dev/{CLASSIFICATION}"
    features = bundle.read(resolve(FEATURE_VECTOR))
    assert (features.name, features.architecture.num_classes) == (FEATURE_VECTOR, 0)
    shutil.rmtree(tmp_path / "tfhub")
    assert resolve(spelling) == path


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="files have no owners here")
def test_the_tf_hub_cache_in_the_temporary_directory(
    tmp_path: Path, originals: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Anybody may put an entry there: another user's is passed over, one's own and the system's are taken."""
    monkeypatch.delenv("TFHUB_CACHE_DIR")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    entry = unpacked(originals / "tf1_hub_module.tar.gz", tmp_path / "tfhub_modules" / HUB_ENTRY)
    if os.getuid() == 0:
        os.chown(entry, 12345, 12345)
    else:
        monkeypatch.setattr(os, "getuid", lambda: entry.stat().st_uid + 1)
    with pytest.raises(DownloadError, match="INCEPTION_HUB_OFFLINE"):
        resolve("imagenet")
    monkeypatch.setattr(os, "getuid", lambda: entry.stat().st_uid)
    assert bundle.read(resolve("imagenet")).architecture.num_classes == 1001


def test_a_tf_hub_cache_that_was_tidied_up_is_passed_over(
    tmp_path: Path, originals: Path, original: Original
) -> None:
    entry = unpacked(originals / "tf1_hub_module.tar.gz", tmp_path / "tfhub" / HUB_ENTRY)
    shutil.rmtree(entry / "variables")
    with pytest.warns(UserWarning, match="in TF-Hub's cache is passed over"):
        path = resolve("imagenet")
    assert bundle.read(path).architecture.num_classes == 3


def test_our_cache_comes_before_tf_hubs(tmp_path: Path, originals: Path, original: Original) -> None:
    path = resolve("imagenet")
    unpacked(originals / "tf1_hub_module.tar.gz", tmp_path / "tfhub" / HUB_ENTRY)
    assert resolve("imagenet") == path and bundle.read(path).architecture.num_classes == 3
