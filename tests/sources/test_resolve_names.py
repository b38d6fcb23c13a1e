"""Names and URLs: bundled modules, misspellings, what lies behind an address."""

from pathlib import Path

import pytest
from helpers.places import BUNDLED
from helpers.resolving import Server, unpacked
from helpers.tensorflow_writer import pack

from inception_hub import bundle
from inception_hub.errors import ArgumentError, DownloadError, FormatError, HandleError
from inception_hub.sources.cache import default_cache
from inception_hub.sources.keys import text_key
from inception_hub.sources.original import CLASSIFICATION, FEATURE_VECTOR
from inception_hub.sources.resolve import is_cached, resolve


@pytest.mark.parametrize(
    "handle", ["nothing", "", "\0", "\ud800", "~nobody/x", "a" * 100_000, "a/" * 3000, "gs://a/b"]
)
def test_what_leads_nowhere_gets_one_line(handle: str) -> None:
    with pytest.raises(
        HandleError, match="does not exist.*; give .*imagenet.*path.*archive.*checkpoint.*URL"
    ) as caught:
        resolve(handle)
    assert isinstance(caught.value, OSError)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 900
    str(caught.value).encode()


def test_paths_are_not_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("imagenet", CLASSIFICATION):
        with pytest.raises(HandleError, match="does not exist"):
            resolve(Path(name))


@pytest.mark.parametrize("handle", [None, 3, b"imagenet", ["imagenet"]])
def test_handles_are_strings_or_paths(handle: object) -> None:
    with pytest.raises(ArgumentError, match="give a string or a path"):
        resolve(handle)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("handle", "meant"),
    [
        ("imagenett", "imagenet"),
        ("ImageNet", "imagenet"),
        ("google/imagenet/inception_v2/classification/4", CLASSIFICATION),
        ("google/imagenet/inception_v2/feature-vector/3", FEATURE_VECTOR),
        ("https://tfhub.dev/google/imagenet/inception_v2/classification/5", CLASSIFICATION),
    ],
)
def test_the_name_meant_by_a_misspelling_is_suggested(handle: str, meant: str) -> None:
    with pytest.raises(HandleError, match=rf"did you mean {meant}\?"):
        resolve(handle)


def test_other_modules_of_tfhub_dev_are_gone(server: Server) -> None:
    for handle in ("https://tfhub.dev/google/bit/m-r50x1/1", "http://www.tfhub.dev", "HTTPS://TFHUB.DEV/x"):
        with pytest.raises(
            HandleError, match=f"tfhub.dev is gone.*{CLASSIFICATION} and {FEATURE_VECTOR} are known"
        ):
            resolve(handle)


@pytest.mark.skipif(not BUNDLED.is_dir(), reason="the bundled module has not been made yet: see recipes/")
def test_bundled_modules_come_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tiny_imagenet").mkdir()
    assert resolve("tiny_imagenet") == BUNDLED
    with pytest.raises(HandleError, match=r"did you mean tiny_imagenet\?"):
        resolve("tiny-imagenet")


def test_an_archive_behind_a_url_is_downloaded_once(server: Server, module: Path, tmp_path: Path) -> None:
    pack(module, tmp_path / "served" / "module.tar.gz")
    url = f"{server.url}/module.tar.gz?token=secret"
    path = resolve(url)
    assert resolve(url) == path == default_cache().get(text_key(url)) and is_cached(url)
    assert server.asked == ["/module.tar.gz?token=secret"]


def test_a_checkpoint_behind_a_url(server: Server, originals: Path, tmp_path: Path) -> None:
    unpacked(originals / "slim_v1_checkpoint.tar.gz", tmp_path / "served")
    url = f"{server.url}/inception_v2.ckpt"
    made = bundle.read(resolve(f"{url}?token=secret"))
    assert made.name == made.provenance.source == url and made.architecture.num_classes == 1001


def test_what_is_wrong_behind_a_url_is_said_of_the_url(server: Server, tmp_path: Path) -> None:
    (tmp_path / "served" / "page.html").write_text("<html>Sign in</html>")
    url = f"{server.url}/page.html"
    with pytest.raises(FormatError, match=f"^{url} is cut short or no TensorFlow checkpoint"):
        resolve(url)
    (tmp_path / "served" / "page.html").write_bytes(b"\x1f\x8b\x08 no")
    with pytest.raises(FormatError, match=f"^{url} is truncated or corrupt"):
        resolve(url)
    with pytest.raises(DownloadError, match=f"{server.url}/missing \\(HTTP 404"):
        resolve(f"{server.url}/missing")
    assert default_cache().ls() == []
