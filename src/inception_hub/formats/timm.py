"""`timm`: a directory with weights and the `config.json` from which timm opens it.

Weights go by timm's kind of names: dots, PyTorch's layouts; one to one with TF-Slim's.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..architecture import GLOBAL_POOL, LOGITS, LOGITS_LAYER, SCOPE, Architecture
from ..bundle import Bundle
from ..errors import FormatError, MissingExtraError
from ..images.presets import DEFINITIONS, Fit, Preset
from ..system.extras import missing
from ..system.regular import read_bounded
from ..system.text import printable
from ..weights import Weights, load
from .comparison import Check, Images, Outputs, compare
from .exported import Exported, from_metadata, metadata
from .layouts import HEAD as HEAD_KERNEL
from .layouts import from_oihw, to_oihw
from .options import Options

NAME = "inception_v2"  # as timm knows it
CONFIG, WEIGHTS = "config.json", "model.safetensors"
MAX_CONFIG_BYTES = 16 << 20  # of names of classes, in the main
FEATURES = "features"  # the part before the head, of a child for each block
RGB = 3
STEM = f"{FEATURES}.Conv2d_1a_7x7.conv_dw"
ADVICE = "give a directory for timm as our exports are"
COUNTER = "num_batches_tracked"  # PyTorch's batch norm counts what it has seen
CROP_MODES: dict[Fit, str] = {"squash": "squash", "crop": "center", "pad": "border"}
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
HEAD = {"fc.weight": HEAD_KERNEL, "fc.bias": f"{LOGITS_LAYER}/biases"}


def matches(path: Path) -> bool:
    """Whether `path` is a directory with both files."""
    return (path / CONFIG).is_file() and (path / WEIGHTS).is_file()


def files(path: Path) -> dict[str, Path]:
    """All files of the directory."""
    return {entry.name: entry for entry in path.iterdir() if entry.is_file()}


def read(path: Path) -> Exported:
    """The weights, and the metadata of the safetensors file.

    Raises `FormatError` for a file that is damaged or holds something else.
    """
    from safetensors import safe_open

    _check_config(path / CONFIG)
    state = load(path / WEIGHTS)
    with safe_open(path / WEIGHTS, "np") as file:
        properties: dict[str, str] = file.metadata() or {}
    weights = {
        slim: from_oihw(slim, _turned_head(slim, array))
        for slim, array in ((_to_slim(n), a) for n, a in state.items() if not n.endswith(COUNTER))
    }
    return from_metadata(weights, properties)


def _check_config(path: Path) -> None:
    """Raises `FormatError` for another network, and for one of other channels: its first weights may have
    the same shape."""
    content = read_bounded(path, MAX_CONFIG_BYTES, ADVICE)
    try:
        config = json.loads(content)
        name, size = config["architecture"], config["pretrained_cfg"]["input_size"]
        channels = config.get("model_args", {}).get("in_chans", size[0])
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise FormatError(f"{path} is damaged or not timm's; {ADVICE}.") from error
    if name != NAME:
        raise FormatError(f"{path} is of timm's {str(name)[:60]!r}; {ADVICE}, of {NAME}.")
    if channels != RGB:
        raise FormatError(
            f"{path} is of images of {printable(str(channels))[:20]} channels; give a network of three."
        )


def _to_slim(name: str) -> str:
    if name in HEAD:
        return HEAD[name]
    for end, slim in ENDS.items():
        if name.startswith(f"{FEATURES}.") and name.endswith(f".{end}"):
            layer = name.removeprefix(f"{FEATURES}.").removesuffix(end)
            return f"{SCOPE}/{layer.replace('.', '/')}{slim}"
    raise FormatError(f"{name[:80]!r} is no weight as our exports for timm have it; give such an export.")


def _turned_head(slim: str, array: NDArray[Any]) -> NDArray[Any]:
    """The head's matrix, of which PyTorch has the classes first; anything else as it is."""
    return array.T if slim == HEAD_KERNEL and array.ndim == 2 else array


def _state_dict(architecture: Architecture, weights: Weights) -> dict[str, NDArray[Any]]:
    names: dict[str, str] = {}
    for layer in architecture.layers:
        scope = f"{FEATURES}.{layer.name.removeprefix(f'{SCOPE}/').replace('/', '.')}"
        names |= {f"{layer.name}/{slim}": f"{scope}.{end}" for end, slim in ENDS.items()}
    names |= {slim: name for name, slim in HEAD.items()}
    state: dict[str, NDArray[Any]] = {
        names[slim]: np.ascontiguousarray(_turned_head(slim, to_oihw(slim, weights[slim])))
        for slim in architecture.variables
    }
    # Loaders of PyTorch's report where these are missing.
    counters = [name.replace("running_var", COUNTER) for name in state if name.endswith("running_var")]
    return state | {name: np.zeros((), np.int64) for name in counters}


def write(bundle: Bundle, path: Path, options: Options) -> None:
    """Both files. timm loads safetensors, so nothing is pickled; code there is none."""
    from safetensors.numpy import save

    path.mkdir()
    state = _state_dict(bundle.architecture, bundle.weights)
    (path / WEIGHTS).write_bytes(save(state, metadata(bundle)))  # its save_file hides it from other users
    (path / CONFIG).write_bytes((json.dumps(_config(bundle), ensure_ascii=False, indent=2) + "\n").encode())


def _config(bundle: Bundle) -> dict[str, Any]:
    """What timm reads; `label_names` where transformers looks for them too."""
    config = configuration(bundle.architecture, bundle.image_size, bundle.resize)
    labels = {"label_names": list(bundle.labels)} if bundle.architecture.num_classes else {}
    return {
        "architecture": NAME,
        "num_classes": bundle.architecture.num_classes,
        "num_features": bundle.architecture.num_features,
        "global_pool": "avg",
        **labels,
        "model_args": {"depth_multiplier": bundle.architecture.depth_multiplier},
        "pretrained_cfg": {**config, "license": bundle.provenance.licence.lower()},
    }


def configuration(architecture: Architecture, image_size: tuple[int, int], preset: Preset) -> dict[str, Any]:
    """What timm calls the pretrained configuration, for images of `image_size` (height, width).

    `mean` and `std` map [0, 1] to [-1, 1].
    """
    (height, width), how = image_size, DEFINITIONS[preset]
    last = architecture.blocks[-1].name
    return {
        "num_classes": architecture.num_classes,
        "input_size": (RGB, height, width),
        "pool_size": architecture.endpoint_shapes(height, width)[last][:2],
        "crop_pct": how.fraction,
        "crop_mode": CROP_MODES[how.fit],
        "interpolation": "bilinear",
        "mean": (0.5, 0.5, 0.5),
        "std": (0.5, 0.5, 0.5),
        "first_conv": STEM,
        "classifier": "fc",
    }


def check(bundle: Bundle, path: Path, options: Options) -> Check:
    """`timm.create_model` of the directory, every stage of `features_only` compared too."""
    import torch

    timm = register()
    model: Any = timm.create_model(f"local-dir:{path}", pretrained=True).eval()
    stages = timm.create_model(f"local-dir:{path}", pretrained=True, features_only=True).eval()
    names = [stage["module"].replace(FEATURES, SCOPE).replace(".", "/") for stage in model.feature_info]

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


def register() -> Any:
    """timm, to which our network is known then. Raises `MissingExtraError` where it cannot be imported."""
    try:
        import timm

        from . import timm_network  # noqa: F401
    except ModuleNotFoundError as error:
        raise missing(f"The network for timm needs {error.name}", "timm") from error
    except RuntimeError as error:
        raise MissingExtraError(
            f"timm cannot be imported ({error}), as torchvision is of another build than PyTorch; install "
            "both from one place: pip install --force-reinstall torch torchvision."
        ) from error
    return timm
