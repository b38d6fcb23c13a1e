"""Inception V2 from TF-Hub, alive again: the original's numbers without TensorFlow."""

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from .errors import InceptionHubError as InceptionHubError
from .images.loading import load_images as load_images
from .module import Module as Module
from .module_spec import ModuleSpec as ModuleSpec
from .module_spec import get_expected_image_size as get_expected_image_size
from .module_spec import get_num_image_channels as get_num_image_channels
from .module_spec import load_module_spec as load_module_spec
from .sources.resolve import resolve as resolve

if TYPE_CHECKING:
    from .formats import export as export
    from .inference.activation_maps import explain as explain
    from .sources.huggingface import push as push

# Imported when first asked for: most programs ask for none of these.
LATER = {"explain": ".inference.activation_maps", "export": ".formats", "push": ".sources.huggingface"}

# Importing openvino reports that to its makers over the network, unless this package of theirs is missing.
sys.modules.setdefault("openvino_telemetry", None)  # pyright: ignore[reportArgumentType, reportCallIssue]

__all__ = [
    "InceptionHubError",
    "Module",
    "ModuleSpec",
    "explain",
    "export",
    "get_expected_image_size",
    "get_num_image_channels",
    "load_images",
    "load_module_spec",
    "push",
    "resolve",
]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """The public functions of `LATER`."""
    if name not in LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    function = getattr(import_module(LATER[name], __name__), name)
    globals()[name] = function
    return function


def __dir__() -> list[str]:
    return sorted({*globals(), *LATER})
