"""`pull`, `convert`, `export` and `push` as functions: of handles and of what is in memory."""

import shutil
from pathlib import Path

import pytest
from helpers.exports import compare_one_shape
from helpers.weights_from_seed import random_weights

import inception_hub as hub
from inception_hub import bundle
from inception_hub.architecture import Architecture
from inception_hub.errors import OutputError, WeightsError
from inception_hub.sources import transfer
from inception_hub.sources.cache import default_cache


def test_pull_keeps_and_mends(small_module: Path, tmp_path: Path) -> None:
    archive = shutil.make_archive(str(tmp_path / "small"), "gztar", small_module)
    seen: list[int] = []
    path = hub.pull(archive, progress=lambda done, total: seen.append(done))
    assert path.parent.parent == default_cache().root and bundle.read(path).name == "small" and not seen
    (path / "labels.txt").write_text("damaged")
    assert hub.pull(Path(archive)) == path and bundle.read(path).name == "small"


def test_convert_writes_a_directory(
    small_module: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compare_one_shape(monkeypatch)
    exported = tmp_path / "small.onnx"
    hub.export(small_module, exported, "onnx")
    made = hub.convert(exported, tmp_path / "made")
    assert made == tmp_path / "made" and bundle.read(made).labels.names == tuple("abcdefghij")
    with pytest.raises(OutputError, match="exists and is left as it is"):
        hub.convert(str(exported), str(made))
    with pytest.raises(WeightsError):
        hub.convert(exported, tmp_path / "other", depth_multiplier=1.0)
    assert not (tmp_path / "other").exists()


def test_export_takes_handles_specs_and_modules(
    small_module: Path,
    module: hub.Module,
    spec: hub.ModuleSpec,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compare_one_shape(monkeypatch)
    for number, each in enumerate((str(small_module), spec, module)):
        assert hub.export(each, tmp_path / f"{number}", "module").error < 1e-6
    path = tmp_path / "fixed.onnx"
    hub.export(small_module, path, to="onnx", size=(64, 96), batch=2, photos=True, top=3)
    import onnx

    (images,) = onnx.load(path).graph.input
    assert [each.dim_value for each in images.type.tensor_type.shape.dim] == [2, 64, 96, 3]
    with pytest.raises(OutputError, match=r"exists and is left as it is; .* --force \(force=True\)"):
        hub.export(small_module, path, "onnx")
    hub.export(small_module, path, "onnx", force=True)


def test_push_takes_handles_and_modules_with_present_weights(
    small_module: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[bundle.Bundle, str, bool]] = []
    monkeypatch.setattr(
        transfer, "push_bundle", lambda made, name, private: sent.append((made, name, private)) or "url"
    )
    trained = hub.Module(small_module, trainable=True)
    name = next(iter(random_weights({n: v.shape for n, v in Architecture(0.25, 10).variables.items()}, 1)))
    trained.variable_map[name].data.fill_(0.5)
    assert hub.push(small_module, "me/one") == hub.push(trained, "me/two", private=True) == "url"
    assert [(made.name, name, private) for made, name, private in sent] == [
        ("small", "me/one", False),
        ("small", "me/two", True),
    ]
    assert (sent[1][0].weights[name] == 0.5).all()
