"""A module directory is built from an archive or a checkpoint; name and provenance are those given."""

from pathlib import Path

import numpy as np
import pytest
from helpers.tensorflow_writer import pack, write_v1

from inception_hub import bundle, weights
from inception_hub.architecture import Architecture
from inception_hub.bundle import Provenance
from inception_hub.errors import FormatError, OutputError
from inception_hub.sources.build import build_module, errors_naming

PROVENANCE = Provenance("a test", "MIT", "0" * 64)


def contents(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir()}


@pytest.mark.parametrize("packed", [False, True])
def test_a_checkpoint_is_converted(tmp_path: Path, packed: bool) -> None:
    arrays = dict(weights.initialise(Architecture(0.01, 3), 0))
    (tmp_path / "files").mkdir()
    source = write_v1(tmp_path / "files" / "model.ckpt", arrays)
    if packed:
        source = pack(tmp_path / "files", tmp_path / "model.tar.gz")
    build_module(source, tmp_path / "module", "a name", PROVENANCE)
    made = bundle.read(tmp_path / "module")
    assert (made.name, made.provenance) == ("a name", PROVENANCE)
    assert all(np.array_equal(made.weights[name], array) for name, array in arrays.items())


def test_a_module_directory_in_an_archive_is_taken_as_it_is(module: Path, tmp_path: Path) -> None:
    archive = pack(module, tmp_path / "module.tar.gz", "a/folder/around")
    build_module(archive, tmp_path / "made", "a name", PROVENANCE)
    assert contents(tmp_path / "made") == contents(module)


def test_what_the_manifest_does_not_list_stays_behind(module: Path, tmp_path: Path) -> None:
    listed = contents(module)
    (module / "run_me.py").write_text("import os")
    (module / "folder").mkdir()
    (module / "folder" / "labels.txt").write_text("other")
    archive = pack(module, tmp_path / "module.tar.gz")
    build_module(archive, tmp_path / "made", "a name", PROVENANCE)
    assert contents(tmp_path / "made") == listed


def test_errors_name_the_archive_and_not_its_copy(module: Path, tmp_path: Path) -> None:
    (module / "labels.txt").write_text("other")
    archive = pack(module, tmp_path / "module.tar.gz")
    with pytest.raises(FormatError, match=f"^{archive}/labels.txt is not the file") as caught:
        build_module(archive, tmp_path / "made", "a name", PROVENANCE)
    assert "extracted" not in str(caught.value) and not (tmp_path / "made").exists()


def test_failures_to_write_name_where() -> None:
    for error, message in ((FormatError("copy/a is cut"), "given/a is cut"), (OutputError("copy"), "copy")):
        with pytest.raises(type(error), match=f"^{message}$"), errors_naming(Path("copy"), "given"):
            raise error
