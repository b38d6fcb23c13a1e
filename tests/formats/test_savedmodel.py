"""SavedModels read without TensorFlow: variables by the names in their object graph."""

import shutil
from pathlib import Path

import pytest
from helpers.tensorflow_samples import SAMPLES, expected, same_arrays

from inception_hub.errors import HandleError
from inception_hub.formats.savedmodel import files, matches, read


def test_a_directory_is_known_by_its_graphs(tmp_path: Path) -> None:
    assert matches(SAMPLES / "objects")
    assert not matches(SAMPLES / "hub"), "a TF1 Hub module"
    assert not matches(SAMPLES) and not matches(tmp_path / "gone")


def test_what_tensorflow_wrote() -> None:
    exported = read(SAMPLES / "objects")
    same_arrays(dict(exported.weights), expected("objects"))
    assert exported.labels is exported.image_size is exported.resize is None


def test_only_files_of_the_checkpoint_are_read(tmp_path: Path) -> None:
    shutil.copytree(SAMPLES / "objects", tmp_path, dirs_exist_ok=True)
    (tmp_path / "variables" / "holiday.jpg").touch()
    (tmp_path / "saved_model.pb").write_bytes(b"damaged")
    variables = tmp_path / "variables"
    assert files(tmp_path) == {
        name: variables / name for name in ("variables.index", "variables.data-00000-of-00001")
    }
    assert read(tmp_path).weights


def test_missing_variables(tmp_path: Path) -> None:
    (tmp_path / "saved_model.pb").touch()
    assert matches(tmp_path) and files(tmp_path) == {}
    with pytest.raises(HandleError, match="there is no .*variables/variables.index"):
        read(tmp_path)
