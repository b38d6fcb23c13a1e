"""Inception V2 from TF-Hub, alive again: the original's numbers without TensorFlow."""

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from .errors import InceptionHubError as InceptionHubError

if TYPE_CHECKING:
    from .benchmark import bench as bench
    from .evaluation.calibrate import calibrate as calibrate
    from .evaluation.evaluate import evaluate as evaluate
    from .images.loading import load_images as load_images
    from .inference.activation_maps import explain as explain
    from .inspection.inspect import inspect as inspect
    from .module import Module as Module
    from .module_spec import ModuleSpec as ModuleSpec
    from .module_spec import get_expected_image_size as get_expected_image_size
    from .module_spec import get_num_image_channels as get_num_image_channels
    from .module_spec import load_module_spec as load_module_spec
    from .organising.organise import organise as organise
    from .organising.undo import undo_organise as undo_organise
    from .output.photos import Rows as Rows
    from .output.photos import Vectors as Vectors
    from .output.photos import classify as classify
    from .output.photos import embed as embed
    from .quantization.quantization import quantize as quantize
    from .similarity.search import find_duplicates as find_duplicates
    from .similarity.search import similar as similar
    from .sources.resolve import resolve as resolve
    from .sources.transfer import convert as convert
    from .sources.transfer import export as export
    from .sources.transfer import pull as pull
    from .sources.transfer import push as push
    from .training.functions import finetune as finetune
    from .training.functions import network as network
    from .training.functions import train as train
    from .training.functions import transform as transform

# Imported when first asked for: no program asks for all, and the command line answers Ctrl-C before that.
LATER = {
    "Module": ".module",
    "ModuleSpec": ".module_spec",
    "Rows": ".output.photos",
    "Vectors": ".output.photos",
    "bench": ".benchmark",
    "calibrate": ".evaluation.calibrate",
    "classify": ".output.photos",
    "convert": ".sources.transfer",
    "embed": ".output.photos",
    "evaluate": ".evaluation.evaluate",
    "explain": ".inference.activation_maps",
    "export": ".sources.transfer",
    "find_duplicates": ".similarity.search",
    "finetune": ".training.functions",
    "get_expected_image_size": ".module_spec",
    "get_num_image_channels": ".module_spec",
    "inspect": ".inspection.inspect",
    "load_images": ".images.loading",
    "load_module_spec": ".module_spec",
    "network": ".training.functions",
    "organise": ".organising.organise",
    "pull": ".sources.transfer",
    "push": ".sources.transfer",
    "quantize": ".quantization.quantization",
    "resolve": ".sources.resolve",
    "similar": ".similarity.search",
    "train": ".training.functions",
    "transform": ".training.functions",
    "undo_organise": ".organising.undo",
}

# Importing openvino reports that to its makers over the network, unless this package of theirs is missing.
sys.modules.setdefault("openvino_telemetry", None)  # pyright: ignore[reportArgumentType]

__all__ = [
    "InceptionHubError",
    "Module",
    "ModuleSpec",
    "Rows",
    "Vectors",
    "bench",
    "calibrate",
    "classify",
    "convert",
    "embed",
    "evaluate",
    "explain",
    "export",
    "find_duplicates",
    "finetune",
    "get_expected_image_size",
    "get_num_image_channels",
    "inspect",
    "load_images",
    "load_module_spec",
    "network",
    "organise",
    "pull",
    "push",
    "quantize",
    "resolve",
    "similar",
    "train",
    "transform",
    "undo_organise",
]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """The public names of `LATER`."""
    if name not in LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(LATER[name], __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *LATER})
