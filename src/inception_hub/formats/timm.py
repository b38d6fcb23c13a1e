"""`timm`: a directory with weights and one Python file that registers `inception_v2` with timm.

Weights go by timm's kind of names: dots, PyTorch's layouts; one to one with TF-Slim's.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..architecture import BATCH_NORM_EPSILON, GLOBAL_POOL, LOGITS, LOGITS_LAYER, SCOPE, Architecture
from ..bundle import Bundle
from ..errors import FormatError, MissingExtraError
from ..images.presets import visible_fraction
from ..weights import Weights, load
from .comparison import Check, Images, Outputs, compare
from .exported import Exported, from_metadata, metadata
from .options import Options

NAME = "inception_v2"  # as timm knows it
MODEL, WEIGHTS = f"{NAME}.py", "model.safetensors"
COUNTER = "num_batches_tracked"  # PyTorch's batch norm counts what it has seen
# The end of a name in timm and of TF-Slim's.
ENDS = {
    "conv.weight": "weights",
    "bn.bias": "BatchNorm/beta",
    "bn.running_mean": "BatchNorm/moving_mean",
    "bn.running_var": "BatchNorm/moving_variance",
    "conv_dw.weight": "depthwise_weights",
    "conv_pw.weight": "pointwise_weights",
    "conv_pw.bias": "biases",
}
HEAD = {"fc.weight": f"{LOGITS_LAYER}/weights", "fc.bias": f"{LOGITS_LAYER}/biases"}


def matches(path: Path) -> bool:
    """Whether `path` is a directory with both files."""
    return (path / MODEL).is_file() and (path / WEIGHTS).is_file()


def files(path: Path) -> dict[str, Path]:
    """All files of the directory."""
    return {entry.name: entry for entry in path.iterdir() if entry.is_file()}


def read(path: Path) -> Exported:
    """The weights and the metadata of the safetensors file; the Python file is not run.

    Raises `FormatError` for a file that is damaged or holds something else.
    """
    from safetensors import safe_open

    state = load(path / WEIGHTS)
    with safe_open(path / WEIGHTS, "np") as file:
        properties: dict[str, str] = file.metadata() or {}
    weights = {
        _to_slim(name): np.ascontiguousarray(_from_torch(name, array))
        for name, array in state.items()
        if not name.endswith(COUNTER)
    }
    return from_metadata(weights, properties)


def _to_slim(name: str) -> str:
    if name in HEAD:
        return HEAD[name]
    for end, slim in ENDS.items():
        if name.endswith(f".{end}"):
            return f"{SCOPE}/{name.removesuffix(end).replace('.', '/')}{slim}"
    raise FormatError(f"{name[:80]!r} is no weight as our exports for timm have it; give such an export.")


def _from_torch(name: str, array: NDArray[np.generic]) -> NDArray[np.generic]:
    if name == "fc.weight" and array.ndim == 2:
        return array.T[None, None]
    if name.endswith("conv_dw.weight") and array.ndim == 4 and not len(array) % 3:
        return array.reshape(3, -1, *array.shape[2:]).transpose(2, 3, 0, 1)
    return array.transpose(2, 3, 1, 0) if array.ndim == 4 else array


def _to_torch(name: str, array: NDArray[np.float32]) -> NDArray[np.float32]:
    if array.ndim == 1:
        return array
    if name == "fc.weight":
        return array[0, 0].T
    if name.endswith("conv_dw.weight"):
        return array.transpose(2, 3, 0, 1).reshape(-1, 1, *array.shape[:2])
    return array.transpose(3, 2, 0, 1)


def _state_dict(architecture: Architecture, weights: Weights) -> dict[str, NDArray[np.float32]]:
    names: dict[str, str] = {}
    for layer in architecture.layers:
        scope = layer.name.removeprefix(f"{SCOPE}/").replace("/", ".")
        names |= {f"{layer.name}/{slim}": f"{scope}.{end}" for end, slim in ENDS.items()}
    names |= {slim: name for name, slim in HEAD.items()}
    return {
        names[slim]: np.ascontiguousarray(_to_torch(names[slim], weights[slim]))
        for slim in architecture.variables
    }


def write(bundle: Bundle, path: Path, options: Options) -> None:
    """Both files. timm loads safetensors, so nothing is pickled."""
    import jinja2
    from safetensors.numpy import save

    path.mkdir()
    state = _state_dict(bundle.architecture, bundle.weights)
    (path / WEIGHTS).write_bytes(save(state, metadata(bundle)))  # its save_file hides it from other users
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("inception_hub", "resources/templates"), keep_trailing_newline=True
    )
    source = environment.get_template(f"{MODEL}.j2").render(
        network=_literal(_network(bundle)),
        multiplier=next(bundle.architecture.layers).depthwise_multiplier,
        epsilon=BATCH_NORM_EPSILON,
        config=_literal(_config(bundle)),
    )
    (path / MODEL).write_text(source, "utf-8")


def _network(bundle: Bundle) -> dict[str, Any]:
    """The layers of every branch of every block."""

    def short(name: str, block: str) -> str:
        return name.removeprefix(block).rpartition("/")[2]

    return {
        block.name.removeprefix(f"{SCOPE}/"): [
            [
                (
                    short(layer.name, block.name),
                    layer.op,
                    layer.kernel,
                    layer.stride,
                    layer.in_channels,
                    layer.out_channels,
                )
                for layer in branch
            ]
            for branch in block.branches
        ]
        for block in bundle.architecture.blocks
    }


def _config(bundle: Bundle) -> dict[str, Any]:
    """What timm calls the pretrained configuration; `mean` and `std` map [0, 1] to [-1, 1]."""
    height, width = bundle.image_size
    last = bundle.architecture.blocks[-1].name
    return {
        "num_classes": bundle.architecture.num_classes,
        "input_size": (3, height, width),
        "pool_size": bundle.architecture.endpoint_shapes(height, width)[last][:2],
        "crop_pct": visible_fraction(bundle.resize),
        "crop_mode": "squash",  # proportions are not kept, as the original's users did not keep them
        "interpolation": "bilinear",
        "mean": (0.5, 0.5, 0.5),
        "std": (0.5, 0.5, 0.5),
        "first_conv": "Conv2d_1a_7x7.conv_dw",
        "classifier": "fc",
        "label_names": tuple(bundle.labels),
        "license": bundle.provenance.licence.lower(),
    }


def _literal(value: Any) -> str:
    from pprint import pformat

    return pformat(value, width=100, compact=True, sort_dicts=False)


def check(bundle: Bundle, path: Path, options: Options) -> Check:
    """`timm.create_model` with the file's weights, every stage of `features_only` compared too."""
    import warnings

    import torch

    timm = _timm()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the name may be registered already, by another export
        _import(path / MODEL)
    model: Any = timm.create_model(NAME, pretrained=True).eval()
    stages = timm.create_model(NAME, pretrained=True, features_only=True).eval()
    names = [f"{SCOPE}/{stage['module']}" for stage in model.feature_info]

    def compute(images: Images) -> Outputs:
        x = torch.from_numpy(images).permute(0, 3, 1, 2) * 2 - 1
        with torch.inference_mode():
            outputs = {n: y.permute(0, 2, 3, 1) for n, y in zip(names, stages(x), strict=True)}
            features = model.forward_features(x)
            outputs[GLOBAL_POOL] = model.forward_head(features, pre_logits=True)[:, None, None]
            if bundle.architecture.num_classes:
                outputs[LOGITS] = model(x)
        return {name: value.numpy() for name, value in outputs.items()}

    return compare(bundle, compute, f"timm {timm.__version__}", options)


def _timm() -> Any:
    try:
        import timm
    except RuntimeError as error:
        raise MissingExtraError(
            f"timm cannot be imported ({error}), as torchvision is of another build than PyTorch; install "
            "both from one place: pip install --force-reinstall torch torchvision."
        ) from error
    return timm


def _import(path: Path) -> None:
    import importlib.util
    import sys

    spec = importlib.util.spec_from_file_location(NAME, path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[NAME] = module  # timm looks there for what it registers
    spec.loader.exec_module(module)
