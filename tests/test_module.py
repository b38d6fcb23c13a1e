"""The public face, call by call: what goes in, what comes out, what is refused and how."""

import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers.cases import images_from_seed
from helpers.exports import compare_one_shape
from helpers.precisions import needs_bf16
from helpers.small import IMAGES, trainable

import inception_hub as hub
from inception_hub import errors

SIGNATURES = [
    "default",
    "image_classification",
    "image_classification_with_bn_hparams",
    "image_feature_vector",
    "image_feature_vector_with_bn_hparams",
]


def test_a_missing_engine_is_named_with_what_to_install(
    spec: hub.ModuleSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "inception_hub.engines.openvino", None)
    with pytest.raises(errors.MissingExtraError, match="pip install openvino, or give engine='torch'"):
        hub.Module(spec)
    assert hub.Module(spec, engine="torch")(IMAGES).shape == (2, 10)


@pytest.fixture(scope="module")
def module_of(spec: hub.ModuleSpec) -> Callable[..., hub.Module]:
    """The module on an engine in a variant, made once."""
    return cache(lambda engine, *tags: hub.Module(spec, tags=set(tags), engine=engine))


@pytest.mark.parametrize("engine, tags", [("openvino", None), ("torch", None), ("torch", {"train"})])
@pytest.mark.parametrize("signature", SIGNATURES)
def test_every_signature_in_both_variants(
    module_of: Callable[..., hub.Module], engine: str, tags: set[str] | None, signature: str
) -> None:
    module = module_of(engine, *(tags or ()))
    inputs = {"images": IMAGES}
    if signature.endswith("hparams"):
        inputs["batch_norm_momentum"] = np.float32(0.5)
    answer = module(inputs, signature=signature)
    outputs = module(inputs, signature=signature, as_dict=True)
    assert answer.shape == (2, 256 if "feature" in signature else 10)
    assert isinstance(answer, np.ndarray) and answer.dtype == np.float32
    assert set(outputs) == set(module.get_output_info_dict(signature))
    source = "InceptionV2/global_pool" if "feature" in signature else "InceptionV2/Logits"
    assert np.array_equal(outputs["default"], outputs[source].reshape(2, -1))
    assert outputs["InceptionV2/Predictions"].sum(1) == pytest.approx(1, abs=1e-5)


def test_any_batch_and_size(module: hub.Module) -> None:
    for shape in ((1, 32, 32, 3), (5, 40, 70, 3), (2, 224, 224, 3)):
        assert module(images_from_seed(shape, 0)).shape == (shape[0], 10)


def test_original_exception_kinds(module: hub.Module, tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        module({})
    with pytest.raises(ValueError):
        module(IMAGES, signature="nope")
    with pytest.raises(ValueError):
        hub.Module(module.spec, tags={"foo", "bar"})
    with pytest.raises(OSError, match="does not exist"):
        hub.Module(tmp_path / "nowhere")


def test_unknown_names_list_the_known(module: hub.Module) -> None:
    with pytest.raises(
        errors.SignatureError, match="Signature 'nope' is missing.*image_feature_vector_with_bn_hparams"
    ):
        module(IMAGES, signature="nope")
    with pytest.raises(errors.TagsError, match=r"No such graph variant: tags=\['bar', 'foo'\]; give none"):
        hub.Module(module.spec, tags=["foo", "bar"])
    with pytest.raises(errors.TagsError, match="tags is the string 'train'; give a set"):
        hub.Module(module.spec, tags="train")
    with pytest.raises(errors.ArgumentError, match="engine is 'tensorflow'"):
        hub.Module(module.spec, engine="tensorflow")  # type: ignore[arg-type]
    with pytest.raises(errors.ArgumentError, match="precision is 'f8'"):
        hub.Module(module.spec, precision="f8")  # type: ignore[arg-type]
    for device in ("warp", "", "cuda:99", "cpu:x"):
        with pytest.raises(
            errors.ArgumentError, match=f"device is '{device}', which PyTorch cannot use here"
        ):
            hub.Module(module.spec, engine="torch", device=device)
    with pytest.raises(errors.ArgumentError, match="which is PyTorch.s; leave out engine"):
        hub.Module(module.spec, engine="openvino", device="cpu")
    assert hub.Module(module.spec, device="cpu").engine == "torch"
    with pytest.raises(errors.ArgumentError, match="Unknown module spec type"):
        hub.Module(3)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        module(IMAGES, "image_feature_vector")  # type: ignore[misc]


def test_momentum_changes_nothing_in_the_inference_variant(spec: hub.ModuleSpec) -> None:
    module = trainable(spec, True)
    before = {name: value.detach().clone() for name, value in module.variable_map.items()}
    name = "image_feature_vector_with_bn_hparams"
    first, second = (module({"images": IMAGES, "batch_norm_momentum": m}, signature=name) for m in (0.0, 1.0))
    assert np.array_equal(first, second)
    assert all(torch.equal(value, before[name]) for name, value in module.variable_map.items())


@pytest.mark.parametrize(
    "trains, tags, by_batch, moves",
    [
        (False, (), False, False),
        (True, (), False, False),
        (False, ("train",), True, False),
        (True, ("train",), True, True),
    ],
)
def test_trainable_and_tags(
    spec: hub.ModuleSpec, trains: bool, tags: tuple[str, ...], by_batch: bool, moves: bool
) -> None:
    """The table of the original: who normalises by the batch, whose statistics move, what is trainable."""
    module = trainable(spec, trains, *tags)
    before = {name: value.detach().clone() for name, value in module.variable_map.items() if "moving" in name}
    answer = module(IMAGES, signature="image_feature_vector")
    assert (
        np.allclose(answer, hub.Module(spec)(IMAGES, signature="image_feature_vector"), rtol=1e-3) != by_batch
    )
    moved = {name for name, value in before.items() if not torch.equal(value, module.variable_map[name])}
    assert moved == (set(before) if moves else set())
    assert len(before) == 136
    assert len(module.trainable_variables) == (141 if trains else 0)
    assert len(module.regularization_losses) == (69 if trains else 0)
    assert len(module.variables) == 277


def test_the_default_momentum_is_the_hub_modules(spec: hub.ModuleSpec) -> None:
    plain, explicit = trainable(spec, True, "train"), trainable(spec, True, "train")
    plain(IMAGES)
    explicit(
        {"images": IMAGES, "batch_norm_momentum": 0.99}, signature="image_classification_with_bn_hparams"
    )
    name = "InceptionV2/Mixed_5c/Branch_0/Conv2d_0a_1x1/BatchNorm/moving_variance"
    assert torch.equal(plain.variable_map[name], explicit.variable_map[name])


def test_openvino_variables_are_read_only_arrays(module: hub.Module) -> None:
    names = list(module.variable_map)
    assert names == sorted(names) and len(names) == 277
    with pytest.raises(ValueError, match="read-only"):
        module.variables[0][...] = 0
    assert module.trainable_variables == [] and module.regularization_losses == []


def test_export_carries_what_was_trained(
    spec: hub.ModuleSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compare_one_shape(monkeypatch)
    module = trainable(spec, True, "train")
    with torch.no_grad():
        module.variable_map["InceptionV2/Logits/Conv2d_1c_1x1/biases"] += 1.5
    module(IMAGES)
    module.export(tmp_path / "trained")
    again = hub.Module(tmp_path / "trained", engine="torch")
    for name, value in module.variable_map.items():
        assert torch.equal(value.detach(), again.variable_map[name].detach()), name
    assert again.labels.names == module.labels.names and again.image_size == (64, 64)
    with pytest.raises(errors.OutputError, match="exists and is left as it is"):
        module.export(tmp_path / "trained")
    with pytest.raises(errors.ArgumentError, match="format is 'caffe'"):
        hub.export(module, tmp_path / "other", "caffe")


@needs_bf16
def test_bf16_is_close_and_not_the_same(spec: hub.ModuleSpec, module: hub.Module) -> None:
    reference = module(IMAGES)
    for engine in ("openvino", "torch"):
        found = hub.Module(spec, precision="bf16", engine=engine)(IMAGES)  # type: ignore[arg-type]
        assert found.dtype == np.float32
        difference = np.linalg.norm(found - reference) / np.linalg.norm(reference)
        assert 1e-4 < difference < 0.1


def test_a_feature_vector_module_has_no_classification(small_module: Path, tmp_path: Path) -> None:
    from inception_hub import bundle

    bundle.write(bundle.read(small_module).without_head(), tmp_path / "features")
    module = hub.Module(tmp_path / "features")
    assert sorted(module.get_signature_names()) == [
        "default",
        "image_feature_vector",
        "image_feature_vector_with_bn_hparams",
    ]
    assert np.array_equal(module(IMAGES), hub.Module(small_module)(IMAGES, signature="image_feature_vector"))
    assert len(module(IMAGES, as_dict=True)) == 17
    with pytest.raises(errors.SignatureError, match="'image_classification' is missing"):
        module(IMAGES, signature="image_classification")
