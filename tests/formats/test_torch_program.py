"""torch.export programs: run by PyTorch and read back; damaged ones are refused, pickles are never loaded."""

import json
import logging
import pickle
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from helpers.cases import images_from_seed
from helpers.evidence import differs_from_ours
from helpers.exports import SIZE, same
from helpers.written_rows import small_files

import inception_hub as hub
from inception_hub import bundle, load_module_spec
from inception_hub.errors import FormatError, InceptionHubError, OutputError, WeightsError
from inception_hub.formats import export_bundle
from inception_hub.formats.torch_program import files, matches

NAME = "InceptionV2/Logits/Conv2d_1c_1x1/biases"


def test_an_export_computes_the_same_and_what_explain_does_and_is_read_back(
    small_module: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under any name, and PyTorch warns of none."""
    monkeypatch.setattr(logging.getLogger("torch"), "handlers", [caplog.handler])
    source, path = bundle.read(small_module), tmp_path / "out.pt2"
    options = replace(SIZE, evidence=True)
    assert export_bundle(source, "torch", tmp_path / "out", options=options).error < 1e-5
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
    (tmp_path / "out").rename(path)
    images = images_from_seed((2, 33, 50, 3), 0)
    evidence = torch.export.load(path).module()(torch.from_numpy(images))["evidence"].detach().numpy()
    assert differs_from_ours(hub.Module(small_module), images, evidence) < 1e-5
    assert same(load_module_spec(path).bundle, source)


@pytest.mark.slow  # what it computes: test_torch_network.py
def test_a_module_without_classes(small_module: Path, tmp_path: Path) -> None:
    source, path = bundle.read(small_module).without_head(), tmp_path / "out.pt2"
    assert export_bundle(source, "torch", path, options=SIZE).error < 1e-5
    assert same(load_module_spec(path).bundle, source)


def test_a_full_disk_is_an_error_and_no_end_of_the_process(small_module: Path, tmp_path: Path) -> None:
    with small_files(), pytest.raises(OutputError, match="out.pt2 cannot be written .File too large"):
        export_bundle(bundle.read(small_module), "torch", tmp_path / "out.pt2", options=SIZE)
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_any_batch_and_size(small_module: Path, tmp_path: Path) -> None:
    assert export_bundle(bundle.read(small_module), "torch", tmp_path / "out.pt2").error < 1e-5


def test_a_file_is_known_by_its_name_and_kind(tmp_path: Path) -> None:
    path = program(tmp_path / "x.pt2", {})
    (tmp_path / "y.pt2").write_bytes(b"no archive")
    assert matches(path) and not matches(path.rename(tmp_path / "x.zip"))
    assert not matches(tmp_path / "y.pt2") and not matches(tmp_path / "gone.pt2")
    assert files(path) == {"x.pt2": path}


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
def test_hostile_programs(tmp_path: Path, weights: dict[str, dict[str, object]]) -> None:
    with pytest.raises(FormatError):
        load_module_spec(program(tmp_path / "x.pt2", weights))


def test_damaged_and_compressed_programs(tmp_path: Path) -> None:
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


def test_nothing_is_unpickled(tmp_path: Path) -> None:
    with pytest.raises(FormatError):
        load_module_spec(
            program(tmp_path / "x.pt2", {NAME: {**about(), "use_pickle": True}}, pickle.dumps(Bomb()))
        )
