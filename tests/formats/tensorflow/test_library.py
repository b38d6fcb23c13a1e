"""TensorFlow imported in silence, its checkpoints and its errors; and where it is missing."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest
from helpers.tensorflow_environments import current

from inception_hub.formats.tf_checkpoint import read_checkpoint

CODE = """
import sys
import numpy as np
from inception_hub.formats.tensorflow.library import LOADER, save_checkpoint

weights = {name: np.arange(size, dtype=np.float32) for name, size in (("b/weights", 6), ("a", 1))}
save_checkpoint(sys.argv[1] + "/good", weights)
try:
    save_checkpoint(sys.argv[1] + "/file/bad", weights)
except OSError as error:
    print(LOADER, len(str(error).splitlines()))
"""


@pytest.mark.skipif(importlib.util.find_spec("tensorflow") is not None, reason="TensorFlow is installed here")
def test_where_it_is_missing_the_error_names_it() -> None:
    with pytest.raises(ModuleNotFoundError) as caught:
        import inception_hub.formats.tensorflow.library  # noqa: F401
    assert caught.value.name == "tensorflow"
    assert "inception_hub.formats.tensorflow.library" not in sys.modules


@pytest.mark.tensorflow
def test_checkpoints_and_errors_of_the_system(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = current(CODE, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("tensorflow 2.") and done.stdout.endswith(" 1\n")
    arrays = read_checkpoint(tmp_path / "good")
    assert {name: array.tolist() for name, array in arrays.items()} == {
        "a": [0], "b/weights": [0, 1, 2, 3, 4, 5],
    }  # fmt: skip
    assert {array.dtype for array in arrays.values()} == {np.dtype(np.float32)}
