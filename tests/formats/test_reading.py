"""Exports read back, damaged or hostile: one sentence, never a traceback, pickles left alone."""

import json
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from inception_hub import load_module_spec
from inception_hub.errors import FormatError, InceptionHubError, WeightsError
from inception_hub.formats.exported import Exported
from inception_hub.formats.tensorflow.protobuf import encoded

NAME = "InceptionV2/Logits/Conv2d_1c_1x1/biases"


def tensor(name: str = NAME, shape: tuple[int, ...] = (2,), dtype: int = 1, raw: bytes = bytes(8)) -> bytes:
    message = b"".join(encoded(1, size) for size in shape)
    return encoded(5, message + encoded(2, dtype) + encoded(8, name.encode()) + encoded(9, raw))


def onnx(graph: bytes) -> bytes:
    return encoded(1, 8) + encoded(7, graph)


@pytest.mark.parametrize(
    "content, message",
    [
        (b"", "there are no weights under InceptionV2/"),
        (onnx(tensor("another")), "there are no weights under InceptionV2/"),
        (onnx(tensor())[:-3], "reaches beyond the end"),
        (onnx(tensor(shape=(3,))), "biases is not stored as our exports store it"),
        (onnx(tensor(shape=(0, 1 << 62), raw=b"")), "biases is not stored as"),
        (onnx(tensor(shape=(1,) * 99, raw=bytes(4))), "biases is not stored as"),
        (onnx(tensor(dtype=7)), "biases is not stored as"),
        (onnx(encoded(5, encoded(1, b"\1" * 9999))), "a shape of more than 32 dimensions"),
        (onnx(tensor(name="InceptionV2/\n")), "control characters"),
        (onnx(tensor()) + encoded(14, encoded(1, b"\xff")), "metadata is not valid UTF-8"),
    ],
)
def test_onnx(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "x.onnx").write_bytes(content)
    with pytest.raises(FormatError, match=message):
        load_module_spec(tmp_path / "x.onnx")


def program(path: Path, weights: dict[str, dict[str, object]], raw: bytes = bytes(8), way: int = 0) -> Path:
    with zipfile.ZipFile(path, "w", way) as archive:
        archive.writestr("x/data/weights/model_weights_config.json", json.dumps({"config": weights}))
        archive.writestr("x/data/weights/weight_0", raw)
    return path


def about(**changes: object) -> dict[str, object]:
    meta = {"dtype": 7, "sizes": [{"as_int": 2}], "strides": [{"as_int": 1}], **changes}
    return {"path_name": "weight_0", "use_pickle": False, "tensor_meta": meta}


@pytest.mark.parametrize(
    "weights",
    [
        {},
        {NAME: {**about(), "use_pickle": True}},
        {NAME: {**about(), "path_name": "../../etc/passwd"}},
        {NAME: about(), f"{NAME}2": about()},
        {NAME: about(dtype=5)},
        {NAME: about(sizes=[{"as_int": -2}])},
        {NAME: about(sizes=[{"as_int": 10**30}])},
        {NAME: about(strides=[{"as_int": 0}])},
        {NAME: about(strides=[])},
        {NAME: {}},
        [],
    ],
)
def test_torch_programs(tmp_path: Path, weights: dict[str, dict[str, object]]) -> None:
    with pytest.raises(FormatError):
        load_module_spec(program(tmp_path / "x.pt2", weights))


def test_damaged_and_compressed_torch_programs(tmp_path: Path) -> None:
    path = program(tmp_path / "x.pt2", {NAME: about()})
    with pytest.raises(WeightsError):  # all is well but for the network
        load_module_spec(path)
    content = path.read_bytes()
    for position in range(0, len(content), 7):
        path.write_bytes(content[:position] + bytes([content[position] ^ 0x55]) + content[position + 1 :])
        with pytest.raises(InceptionHubError):
            load_module_spec(path)
    with pytest.raises(FormatError, match="a compressed archive"):
        load_module_spec(program(path, {NAME: about()}, way=zipfile.ZIP_DEFLATED))


class Bomb:
    """Whoever unpickles it fails the test."""

    def __reduce__(self) -> tuple[Callable[..., object], tuple[str]]:
        return pytest.fail, ("a pickle was loaded",)


def test_nothing_is_unpickled_or_run(small_module: Path, tmp_path: Path) -> None:
    with pytest.raises(FormatError):
        load_module_spec(
            program(tmp_path / "x.pt2", {NAME: {**about(), "use_pickle": True}}, pickle.dumps(Bomb()))
        )
    folder = tmp_path / "timm"
    folder.mkdir()
    (folder / "inception_v2.py").write_text("raise SystemExit('it was run')")
    save_file({"x": np.zeros(1, np.float32)}, folder / "model.safetensors")
    with pytest.raises(FormatError, match="'x' is no weight as our exports for timm have it"):
        load_module_spec(folder)
    (folder / "model.safetensors").write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(FormatError, match="not a readable safetensors file"):
        load_module_spec(folder)


def test_metadata_is_taken_only_if_it_fits(small_module: Path) -> None:
    def told(**values: object) -> Exported:
        return Exported({}, {name: json.dumps(value) for name, value in values.items()})

    labels = told(labels=["a", "b"]).labels(2)
    assert labels and labels.names == ("a", "b")
    for value in (["a"], ["a", 1], ["a", "b\n"], ["a", ""], "ab", None, {}):
        assert told(labels=value).labels(2) is None
    assert told(labels=["a", "b"], wordnet_ids=["n1", 2]).labels(2) is None
    assert told(image_size=[64, 32]).image_size() == (64, 32)
    for value in ([64], [0, 1], [1, 1 << 20], "ab", [1.5, 2], [True, True], None):
        assert told(image_size=value).image_size() is None
    assert told(resize="slim").resize() == "slim" and told(resize="x").resize() is None
    assert Exported({}, {"labels": "[" * 100_000}).labels(2) is None
