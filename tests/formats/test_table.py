"""The table of formats: every file has its functions, and a path leads to the file that reads it."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from helpers.tensorflow_samples import SAMPLES

from inception_hub.formats import onnx, savedmodel, tf1_hub, tf_checkpoint, timm, torch_program
from inception_hub.formats.table import FORMATS, find_reader, reader


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_has_its_functions(name: str) -> None:
    file = FORMATS[name].load()
    assert callable(file.write) and callable(file.check)
    readable = name not in ("module", "openvino", "html", "executorch", "litert")
    assert hasattr(file, "read") == hasattr(file, "files") == readable
    assert hasattr(file, "matches") == (readable and name != "tf-checkpoint")


def test_a_path_leads_to_its_format(tmp_path: Path) -> None:
    (tmp_path / "x.onnx").touch()
    with zipfile.ZipFile(tmp_path / "x.pt2", "w") as archive:
        archive.writestr("x", "")
    for name in ("config.json", "model.safetensors"):
        (tmp_path / name).touch()
    formats = {
        SAMPLES / "hub": tf1_hub,
        SAMPLES / "objects": savedmodel,
        tmp_path / "x.onnx": onnx,
        tmp_path / "x.pt2": torch_program,
        tmp_path: timm,
    }
    for path, file in formats.items():
        assert find_reader(path) is reader(path) is file
    for path in (SAMPLES / "v1.ckpt", SAMPLES / "v2", SAMPLES, tmp_path / "gone"):
        assert find_reader(path) is None and reader(path) is tf_checkpoint


def test_looking_for_a_format_imports_none_of_its_software() -> None:
    heavy = ["openvino", "torch", "onnx", "onnxruntime", "timm", "tensorflow", "safetensors", "jinja2"]
    code = f"""
import json, sys
from pathlib import Path
from inception_hub.formats.table import find_reader
assert find_reader(Path("gone")) is None
print(json.dumps([name for name in {heavy} if name in sys.modules]))
"""
    assert json.loads(subprocess.check_output([sys.executable, "-c", code], text=True)) == []
