"""`timm`: a directory with weights and one Python file that registers `inception_v2` with timm."""

import importlib.util
import sys
import warnings
from pathlib import Path
from pprint import pformat
from typing import Any

import jinja2
import numpy as np
import torch
from safetensors.numpy import save

from ..architecture import BATCH_NORM_EPSILON, GLOBAL_POOL, LOGITS, SCOPE
from ..bundle import Bundle
from ..errors import MissingExtraError
from ._read_timm import MODEL, WEIGHTS, state_dict
from .comparison import Answers, Check, Images, compare
from .named_outputs import metadata
from .options import Options

try:
    import timm
except RuntimeError as error:
    raise MissingExtraError(
        f"timm cannot be imported ({error}), as torchvision is of another build than PyTorch; install both "
        "from one place: pip install --force-reinstall torch torchvision."
    ) from error

NAME = "inception_v2"  # as timm knows it


def write(bundle: Bundle, path: Path, options: Options) -> None:
    """Both files. timm loads safetensors, so nothing is pickled."""
    path.mkdir()
    state = {n: np.ascontiguousarray(a) for n, a in state_dict(bundle.architecture, bundle.weights).items()}
    (path / WEIGHTS).write_bytes(save(state, metadata(bundle)))  # its save_file hides it from other users
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("inception_hub", "resources/templates"), keep_trailing_newline=True
    )
    source = environment.get_template(f"{MODEL}.j2").render(
        network=_literal(_table(bundle)),
        multiplier=next(bundle.architecture.layers).depthwise_multiplier,
        epsilon=BATCH_NORM_EPSILON,
        config=_literal(_config(bundle)),
    )
    (path / MODEL).write_text(source, "utf-8")


def check(bundle: Bundle, path: Path, options: Options) -> Check:
    """`timm.create_model` with the file's weights, every stage of `features_only` compared too."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the name may be registered already, by another export
        _import(path / MODEL)
    model: Any = timm.create_model(NAME, pretrained=True).eval()
    stages = timm.create_model(NAME, pretrained=True, features_only=True).eval()
    names = [f"{SCOPE}/{stage['module']}" for stage in model.feature_info]

    def answer(images: Images) -> Answers:
        x = torch.from_numpy(images).permute(0, 3, 1, 2) * 2 - 1
        with torch.inference_mode():
            found = {n: y.permute(0, 2, 3, 1) for n, y in zip(names, stages(x), strict=True)}
            features = model.forward_features(x)
            found[GLOBAL_POOL] = model.forward_head(features, pre_logits=True)[:, None, None]
            if bundle.architecture.num_classes:
                found[LOGITS] = model(x)
        return {name: value.numpy() for name, value in found.items()}

    return compare(bundle, answer, f"timm {timm.__version__}", options)


def _table(bundle: Bundle) -> dict[str, Any]:
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
        "crop_pct": 1.0 if bundle.resize == "plain" else 0.875,
        "interpolation": "bilinear",
        "mean": (0.5, 0.5, 0.5),
        "std": (0.5, 0.5, 0.5),
        "first_conv": "Conv2d_1a_7x7.conv_dw",
        "classifier": "fc",
        "label_names": tuple(bundle.labels),
        "license": bundle.provenance.licence.lower(),
    }


def _literal(value: Any) -> str:
    return pformat(value, width=100, compact=True, sort_dicts=False)


def _import(path: Path) -> None:
    spec = importlib.util.spec_from_file_location(NAME, path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[NAME] = module  # timm looks there for what it registers
    spec.loader.exec_module(module)
