"""A path leads to a module directory: itself, or what its files are converted to, or to one sentence."""

import hashlib
import os
import shutil
import tarfile
from pathlib import Path

import numpy as np
import pytest
from helpers.places import RECORDED
from helpers.resolving import GOLDEN, unpacked
from helpers.tensorflow_writer import pack

from inception_hub import bundle
from inception_hub.errors import FormatError, HandleError, WeightsError
from inception_hub.module_spec import load_module_spec
from inception_hub.sources.cache import default_cache
from inception_hub.sources.keys import content_key
from inception_hub.sources.resolve import resolve


def test_a_module_directory_is_itself(module: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert resolve(module) == resolve(str(module)) == module
    monkeypatch.chdir(module.parent)
    assert resolve("module") == module
    monkeypatch.setenv("HOME", str(module.parent))
    assert resolve("~/module") == module
    assert default_cache().ls() == []


@pytest.mark.parametrize("folder", [".", "module", "./deep/er"])
def test_an_archive_of_a_module_directory(module: Path, tmp_path: Path, folder: str) -> None:
    archive = pack(module, tmp_path / "whatever.bin", folder)
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
    archive = pack(module, tmp_path / "module.tar.gz")
    with pytest.raises(FormatError, match=f"^{archive}/{bundle.WEIGHTS} is not the file") as caught:
        resolve(archive)
    assert "temporaries" not in str(caught.value)
    assert default_cache().ls() == []


@pytest.mark.parametrize("name", ["tf1_hub_module", "slim_v1_checkpoint"])
def test_the_originals_archives_and_what_they_hold_give_the_same_weights(
    tmp_path: Path, originals: Path, name: str
) -> None:
    archive = originals / f"{name}.tar.gz"
    converted = bundle.read(resolve(archive))
    assert converted.architecture.num_classes == 1001 and converted.image_size == (224, 224)
    if originals == GOLDEN:
        assert converted.architecture.depth_multiplier == 0.25
    assert (converted.name, converted.provenance.source) == (name, archive.name)
    assert converted.provenance.source_sha256 == hashlib.sha256(archive.read_bytes()).hexdigest()

    directory = unpacked(archive, tmp_path / "unpacked")
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


def test_other_content_at_the_same_path_is_converted_anew(tmp_path: Path, originals: Path) -> None:
    (checkpoint,) = unpacked(originals / "slim_v1_checkpoint.tar.gz", tmp_path / "unpacked").glob("*.ckpt")
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
    archive = pack(tmp_path / "photos", tmp_path / "photos.tar.gz")
    with pytest.raises(HandleError, match=f"^'{archive}' holds photos and no module"):
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
    archive = pack(module, tmp_path / "module.tar.gz")
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


def test_a_successors_savedmodel(tmp_path: Path) -> None:
    """TensorFlow's own, of other variables: known as a SavedModel, named in the error, never half read."""
    sample = RECORDED / "tensorflow/objects"
    with pytest.raises(WeightsError, match="The variables are not Inception V2's"):
        resolve(sample)
    copy = tmp_path / "copy"
    (copy / "variables").mkdir(parents=True)
    (copy / "saved_model.pb").write_bytes((sample / "saved_model.pb").read_bytes())
    with pytest.raises(HandleError, match="there is no .*variables/variables.index"):
        resolve(copy)


def test_photos_beside_a_checkpoint_are_not_its(tmp_path: Path, originals: Path) -> None:
    """The key of a directory is that of the files which conversion may read, and no others are hashed."""
    folder = unpacked(originals / "slim_v1_checkpoint.tar.gz", tmp_path / "unpacked")
    path = resolve(folder)
    (folder / "holiday.jpg").write_bytes(b"\xff\xd8")
    assert resolve(folder) == path and len(default_cache().ls()) == 1
