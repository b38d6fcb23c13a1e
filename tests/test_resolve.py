"""Every kind of handle leads to a module directory, or to one sentence."""

import functools
import hashlib
import http.server
import os
import shutil
import signal
import tarfile
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from test_cache import run, shorten_weights, small_bundle

from inception_hub import bundle
from inception_hub.cache import content_key, default_cache, text_key
from inception_hub.errors import ArgumentError, DownloadError, FormatError, HandleError, WeightsError
from inception_hub.module import load_module_spec
from inception_hub.resolve import CLASSIFICATION, FEATURE_VECTOR, ORIGINAL, Original, is_cached, resolve

GOLDEN = Path(__file__).resolve().parents[2] / "shared" / "golden"
needs_golden = pytest.mark.skipif(not GOLDEN.is_dir(), reason="../shared/golden is not beside this checkout")
HUB_ENTRY = "5de20d98872c8bf84bfe98da975eba4ff59fbacb"  # what TF-Hub 0.15 calls CLASSIFICATION on tfhub.dev


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty cache, an empty TF-Hub cache, no network unless a test allows it."""
    monkeypatch.setenv("INCEPTION_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("INCEPTION_HUB_OFFLINE", "1")
    monkeypatch.setenv("TFHUB_CACHE_DIR", str(tmp_path / "tfhub"))
    monkeypatch.setenv("no_proxy", "*")


@pytest.fixture
def module(tmp_path: Path) -> Path:
    bundle.write(small_bundle(), tmp_path / "module")
    return tmp_path / "module"


def packed(directory: Path, archive: Path, folder: str = ".") -> Path:
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(directory, folder)
    return archive


def unpacked(name: str, directory: Path) -> Path:
    """One of the golden archives, which are ours and safe."""
    with tarfile.open(GOLDEN / name) as tar:
        tar.extractall(directory, filter="data")
    return directory


class Server:
    """The files of a folder over HTTP; `asked` lists the paths."""

    def __init__(self, folder: Path) -> None:
        self.asked: list[str] = []
        server = self

        class Handler(http.server.SimpleHTTPRequestHandler):
            def do_GET(self) -> None:
                server.asked.append(self.path)
                super().do_GET()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._http = http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), functools.partial(Handler, directory=folder)
        )
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("INCEPTION_HUB_OFFLINE", "0")
    (tmp_path / "served").mkdir()
    running = Server(tmp_path / "served")
    yield running
    running.close()


@pytest.fixture
def original(server: Server, module: Path, tmp_path: Path) -> Original:
    """A small stand-in, at the second of two mirrors."""
    content = packed(module, tmp_path / "served" / "original.tar.gz").read_bytes()
    urls = (f"{server.url}/missing.tar.gz", f"{server.url}/original.tar.gz")
    return Original(urls, len(content), hashlib.sha384(content).hexdigest())


# Paths


def test_a_module_directory_is_itself(module: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert resolve(module) == resolve(str(module)) == module
    monkeypatch.chdir(module.parent)
    assert resolve("module") == module
    monkeypatch.setenv("HOME", str(module.parent))
    assert resolve("~/module") == module
    assert default_cache().ls() == []


@pytest.mark.parametrize("folder", [".", "module", "./deep/er"])
def test_an_archive_of_a_module_directory(module: Path, tmp_path: Path, folder: str) -> None:
    archive = packed(module, tmp_path / "whatever.bin", folder)
    path = resolve(archive)
    assert path == default_cache().get(content_key(archive))
    assert {p.name: p.read_bytes() for p in path.iterdir()} == {
        p.name: p.read_bytes() for p in module.iterdir()
    }
    before = path.stat()
    assert resolve(shutil.move(archive, tmp_path / "renamed")) == path
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_damaged_module_directory_in_an_archive_is_refused(module: Path, tmp_path: Path) -> None:
    weights = bytearray((module / bundle.WEIGHTS).read_bytes())
    weights[-1] ^= 1
    (module / bundle.WEIGHTS).write_bytes(weights)
    archive = packed(module, tmp_path / "module.tar.gz")
    with pytest.raises(FormatError, match=f"^{archive}/{bundle.WEIGHTS} is not the file") as caught:
        resolve(archive)
    assert "temporaries" not in str(caught.value)
    assert default_cache().ls() == []


@needs_golden
@pytest.mark.parametrize("name", ["tf1_hub_module", "slim_v1_checkpoint"])
def test_the_originals_archives_and_what_they_hold_give_the_same_weights(tmp_path: Path, name: str) -> None:
    archive = GOLDEN / f"{name}.tar.gz"
    converted = bundle.read(resolve(archive))
    assert (converted.architecture.depth_multiplier, converted.architecture.num_classes) == (0.25, 1001)
    assert (converted.name, converted.provenance.source) == (name, archive.name)
    assert converted.provenance.source_sha256 == hashlib.sha256(archive.read_bytes()).hexdigest()

    directory = unpacked(archive.name, tmp_path / "unpacked")
    handles = [directory, *directory.glob("*.ckpt")]
    if name == "tf1_hub_module":
        variables = directory / "variables"
        handles += [variables, variables / "variables", variables / "variables.index"]
    paths = [resolve(handle) for handle in handles]
    for path in paths:
        again = bundle.read(path)
        assert again.weights.keys() == converted.weights.keys()
        assert all(np.array_equal(again.weights[k], converted.weights[k]) for k in again.weights)
    assert [resolve(handle) for handle in handles] == paths
    # One entry for the archive; one for each set of files that the paths mean.
    assert len(default_cache().ls()) == 1 + len(set(paths)) <= 1 + 3


@needs_golden
def test_other_content_at_the_same_path_is_converted_anew(tmp_path: Path) -> None:
    (checkpoint,) = unpacked("slim_v1_checkpoint.tar.gz", tmp_path / "unpacked").glob("*.ckpt")
    resolve(checkpoint)
    content = bytearray(checkpoint.read_bytes())
    content[len(content) // 2] ^= 1
    checkpoint.write_bytes(content)
    with pytest.raises(FormatError, match=str(checkpoint)):
        resolve(checkpoint)
    assert len(default_cache().ls()) == 1


def test_an_archive_without_a_module_says_so_by_its_own_path(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.jpg").write_bytes(b"\xff\xd8")
    (tmp_path / "photos" / "dog.jpg").write_bytes(b"\xff\xd8")
    archive = packed(tmp_path / "photos", tmp_path / "photos.tar.gz")
    with pytest.raises(HandleError, match=f"^{archive} holds no TensorFlow checkpoint"):
        resolve(archive)
    for length in (10, 100, archive.stat().st_size - 1):
        (tmp_path / "cut.tar.gz").write_bytes(archive.read_bytes()[:length])
        with pytest.raises(FormatError, match=f"^{tmp_path / 'cut.tar.gz'} is truncated or corrupt"):
            resolve(tmp_path / "cut.tar.gz")
    assert list((tmp_path / "cache" / "modules").iterdir()) == list(
        (tmp_path / "cache" / "temporaries").iterdir()
    )


def test_a_hostile_archive_writes_nothing_outside(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "evil.tar", "w") as tar:
        tar.addfile(tarfile.TarInfo("../../../evil"))
    with pytest.raises(FormatError, match=r"'\.\./\.\./\.\./evil', a path that leads out"):
        resolve(tmp_path / "evil.tar")
    assert not list(tmp_path.rglob("evil"))


@pytest.mark.parametrize("content", [b"", b"just text\n", bytes(10_000), b"PK\x03\x04 a zip"])
def test_other_files_are_refused_by_their_path(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file.ckpt").write_bytes(content)
    with pytest.raises(FormatError, match=f"^{tmp_path / 'file.ckpt'} is "):
        resolve(tmp_path / "file.ckpt")


def test_a_folder_given_by_mistake_is_refused_without_reading_what_lies_in_it(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    os.mkfifo(tmp_path / "photos" / "would.block.jpg")
    with pytest.raises(HandleError, match=f"^{tmp_path / 'photos'} holds no TensorFlow checkpoint"):
        resolve(tmp_path / "photos")
    with pytest.raises(HandleError, match="is neither a file nor a directory"):
        resolve(tmp_path / "photos" / "would.block.jpg")


def test_an_entry_that_rotted_is_made_anew_when_it_is_read(module: Path, tmp_path: Path) -> None:
    archive = packed(module, tmp_path / "module.tar.gz")
    weights = resolve(archive) / bundle.WEIGHTS
    content = weights.read_bytes()
    weights.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert load_module_spec(archive).bundle.name == "small"
    assert weights.read_bytes() == content
    path = module / bundle.WEIGHTS
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(FormatError, match="is not the file"):
        load_module_spec(module)  # the user's own, which is not ours to touch
    assert path.exists()


# Names


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
def test_misspellings_are_answered_with_what_was_meant(handle: str, meant: str) -> None:
    with pytest.raises(HandleError, match=rf"did you mean {meant}\?"):
        resolve(handle)


def test_other_modules_of_tfhub_dev_are_gone(server: Server) -> None:
    for handle in ("https://tfhub.dev/google/bit/m-r50x1/1", "http://www.tfhub.dev", "HTTPS://TFHUB.DEV/x"):
        with pytest.raises(
            HandleError, match=f"tfhub.dev is gone.*{CLASSIFICATION} and {FEATURE_VECTOR} are known"
        ):
            resolve(handle)


BUNDLED = Path(bundle.__file__).parent / "modules" / "tiny_imagenet"


@pytest.mark.skipif(not BUNDLED.is_dir(), reason="the bundled module has not been made yet: see recipes/")
def test_bundled_modules_come_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tiny_imagenet").mkdir()
    assert resolve("tiny_imagenet") == BUNDLED
    with pytest.raises(HandleError, match=r"did you mean tiny_imagenet\?"):
        resolve("tiny-imagenet")


# The original


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
    path = resolve(handle, original=original, progress=lambda *state: progress.append(state))
    assert server.asked == ["/missing.tar.gz", "/original.tar.gz"]
    assert progress[-1] == (original.size, original.size)
    assert bundle.read(path).architecture.num_classes == 3
    assert [resolve(spelling, original=original) for spelling in SPELLINGS] == [path] * len(SPELLINGS)
    assert all(is_cached(spelling) for spelling in SPELLINGS) and not is_cached(FEATURE_VECTOR)
    assert len(server.asked) == 2


def test_the_feature_vector_is_the_same_network_without_its_head(server: Server, original: Original) -> None:
    features = bundle.read(resolve(FEATURE_VECTOR, original=original))
    whole = bundle.read(resolve(CLASSIFICATION, original=original))
    assert len(server.asked) == 2  # one download for both
    assert features.name == FEATURE_VECTOR and features.architecture.num_classes == len(features.labels) == 0
    assert features.weights.keys() == {name for name in whole.weights if "/Logits/" not in name}
    assert all(np.array_equal(array, whole.weights[name]) for name, array in features.weights.items())
    assert is_cached(f"https://tfhub.dev/{FEATURE_VECTOR}")


@needs_golden
def test_a_slim_checkpoint_as_the_original(server: Server, tmp_path: Path) -> None:
    shutil.copy(GOLDEN / "slim_v1_checkpoint.tar.gz", tmp_path / "served")
    content = (GOLDEN / "slim_v1_checkpoint.tar.gz").read_bytes()
    url = f"{server.url}/slim_v1_checkpoint.tar.gz"
    original = Original((url,), len(content), hashlib.sha384(content).hexdigest())
    made = bundle.read(resolve("imagenet", original=original))
    assert (made.name, made.provenance.source, made.provenance.licence) == (CLASSIFICATION, url, "Apache-2.0")
    assert len(made.labels) == 1001


def test_a_download_that_is_not_the_original_is_refused(server: Server, original: Original) -> None:
    for wrong in (
        Original(original.urls, original.size, "0" * 96),
        Original(original.urls, original.size + 1, original.sha384),
        Original(original.urls, original.size - 1, original.sha384),
    ):
        with pytest.raises(
            DownloadError, match=r"missing.*HTTP 404.* or .*original.*instead of.*give its path"
        ):
            resolve("imagenet", original=wrong)
        assert not is_cached("imagenet") and default_cache().ls() == []


def test_offline_the_sources_and_the_way_out_are_named() -> None:
    for handle in (CLASSIFICATION, FEATURE_VECTOR):
        with pytest.raises(DownloadError, match="INCEPTION_HUB_OFFLINE.*local file") as caught:
            resolve(handle)
        assert all(url in str(caught.value) for url in ORIGINAL.urls)


def test_the_original_fetched_by_hand_answers_to_its_handle(
    original: Original, tmp_path: Path, server: Server
) -> None:
    archive = shutil.copy(tmp_path / "served" / "original.tar.gz", tmp_path / "by_hand.bin")
    path = resolve(archive, original=original)
    assert is_cached("imagenet") and resolve("imagenet", original=original) == path
    assert not server.asked


@needs_golden
@pytest.mark.parametrize("spelling", SPELLINGS[1:])
def test_a_tf_hub_cache_comes_before_the_network(tmp_path: Path, spelling: str) -> None:
    entry = hashlib.sha1(spelling.encode()).hexdigest()
    assert spelling != SPELLINGS[2] or entry == HUB_ENTRY
    unpacked("tf1_hub_module.tar.gz", tmp_path / "tfhub" / entry)
    path = resolve(spelling)  # offline
    made = bundle.read(path)
    assert (made.name, made.architecture.num_classes) == (CLASSIFICATION, 1001)
    assert made.provenance.source == f"https://tfhub.dev/{CLASSIFICATION}"
    features = bundle.read(resolve(FEATURE_VECTOR))
    assert (features.name, features.architecture.num_classes) == (FEATURE_VECTOR, 0)
    shutil.rmtree(tmp_path / "tfhub")
    assert resolve(spelling) == path


@needs_golden
def test_the_tf_hub_cache_in_the_temporary_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TFHUB_CACHE_DIR")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    entry = unpacked("tf1_hub_module.tar.gz", tmp_path / "tfhub_modules" / HUB_ENTRY)
    if os.getuid() == 0:
        os.chown(entry, 12345, 12345)
        with pytest.raises(DownloadError):  # anybody may put an entry there
            resolve("imagenet")
        os.chown(entry, 0, 0)
    assert bundle.read(resolve("imagenet")).architecture.num_classes == 1001


@needs_golden
def test_a_tf_hub_cache_that_was_tidied_up_is_passed_over(tmp_path: Path, original: Original) -> None:
    entry = unpacked("tf1_hub_module.tar.gz", tmp_path / "tfhub" / HUB_ENTRY)
    shutil.rmtree(entry / "variables")
    with pytest.warns(UserWarning, match="in TF-Hub's cache is passed over"):
        path = resolve("imagenet", original=original)
    assert bundle.read(path).architecture.num_classes == 3


@needs_golden
def test_our_cache_comes_before_tf_hubs(tmp_path: Path, original: Original) -> None:
    path = resolve("imagenet", original=original)
    unpacked("tf1_hub_module.tar.gz", tmp_path / "tfhub" / HUB_ENTRY)
    assert resolve("imagenet") == path and bundle.read(path).architecture.num_classes == 3


# URLs


def test_an_archive_behind_a_url_is_downloaded_once(server: Server, module: Path, tmp_path: Path) -> None:
    packed(module, tmp_path / "served" / "module.tar.gz")
    url = f"{server.url}/module.tar.gz?token=secret"
    path = resolve(url)
    assert resolve(url) == path == default_cache().get(text_key(url)) and is_cached(url)
    assert server.asked == ["/module.tar.gz?token=secret"]


@needs_golden
def test_a_checkpoint_behind_a_url(server: Server, tmp_path: Path) -> None:
    unpacked("slim_v1_checkpoint.tar.gz", tmp_path / "served")
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


# A cache in trouble

RESOLVING = """
import sys
from inception_hub.resolve import resolve
print("ready", flush=True)
sys.stdin.readline()
print(resolve(sys.argv[1]))
"""


@pytest.mark.parametrize("start", ["empty", "damaged"])
def test_many_processes_resolve_one_archive_at_once(module: Path, tmp_path: Path, start: str) -> None:
    archive = GOLDEN / "slim_v1_checkpoint.tar.gz"
    if not archive.is_file():
        archive = packed(module, tmp_path / "module.tar.gz")
    if start == "damaged":
        shorten_weights(resolve(archive))
    processes = [run(RESOLVING, archive) for _ in range(4)]
    for process in processes:
        assert process.stdout and process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    answers = [process.communicate() for process in processes]
    (entry,) = default_cache().ls()
    assert answers == [(f"{entry.path}\n", "")] * 4
    assert default_cache().verify() == {}
    assert not list((tmp_path / "cache" / "temporaries").iterdir())


KILLED = """
import os, signal, sys
from inception_hub.resolve import resolve
resolve(sys.argv[1], progress=lambda *_: os.kill(os.getpid(), signal.SIGKILL))
"""


@pytest.mark.skipif(os.name != "posix", reason="only POSIX systems have SIGKILL")
def test_a_process_killed_while_downloading_leaves_no_entry(
    server: Server, module: Path, tmp_path: Path
) -> None:
    packed(module, tmp_path / "served" / "module.tar.gz")
    url = f"{server.url}/module.tar.gz"
    process = run(KILLED, url)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert not is_cached(url) and not list((tmp_path / "cache" / "modules").iterdir())
    assert bundle.read(resolve(url)).name == "small"


def test_a_half_written_entry_is_repaired(original: Original, server: Server) -> None:
    path = resolve("imagenet", original=original)
    shorten_weights(path)
    assert not is_cached("imagenet")
    assert resolve("imagenet", original=original) == path
    assert bundle.read(path).name == "small" and len(server.asked) == 4


def test_without_a_writable_cache_the_module_is_kept_elsewhere_with_one_warning(
    module: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = packed(module, tmp_path / "module.tar.gz")
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("INCEPTION_HUB_CACHE", str(tmp_path / "file"))
    with pytest.warns(UserWarning, match=f"The cache {tmp_path / 'file'} cannot be written") as caught:
        path = resolve(archive)
    assert len(caught) == 1 and "\n" not in str(caught[0].message)
    assert bundle.read(path).name == "small"
    assert resolve(archive) == path  # no second warning: warnings are errors here


def test_a_read_only_cache_still_answers(
    module: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = packed(module, tmp_path / "module.tar.gz")
    path = resolve(archive)
    (tmp_path / "cache" / "temporaries").rmdir()
    (tmp_path / "cache" / "temporaries").write_bytes(b"")
    assert resolve(archive) == path


NOWHERE = """
import sys, tempfile, warnings
from inception_hub.resolve import resolve
warnings.simplefilter("ignore")
tempfile.tempdir = sys.argv[2]
try:
    resolve(sys.argv[1])
except OSError as error:
    print(type(error).__name__, error)
"""


@pytest.mark.parametrize("place", ["missing", "file"])
def test_without_any_writable_place_one_line_says_so(
    module: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    archive = packed(module, tmp_path / "module.tar.gz")
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("INCEPTION_HUB_CACHE", str(tmp_path / "file"))
    output, errors = run(NOWHERE, archive, tmp_path / place).communicate()
    assert errors == "" and output.count("\n") == 1
    assert output.startswith(f"OutputError The module can be kept neither in {tmp_path / 'file'} (")


def test_a_successors_savedmodel(tmp_path: Path) -> None:
    """TensorFlow's own, of other variables: found as a SavedModel, named in the error, never half read."""
    sample = Path(__file__).parent / "data/tensorflow/objects"
    with pytest.raises(WeightsError, match="The variables are not Inception V2's"):
        resolve(sample)
    copy = tmp_path / "copy"
    (copy / "variables").mkdir(parents=True)
    (copy / "saved_model.pb").write_bytes((sample / "saved_model.pb").read_bytes())
    with pytest.raises(HandleError, match="there is no .*variables/variables.index"):
        resolve(copy)
