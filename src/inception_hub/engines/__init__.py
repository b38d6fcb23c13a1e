"""The table made runnable, by OpenVINO and by PyTorch; neither is loaded before it is asked for."""

from typing import TYPE_CHECKING

from ..errors import MissingExtraError

if TYPE_CHECKING:
    from .openvino import Network


def openvino_network() -> "type[Network]":
    """The class of networks on OpenVINO; raises `MissingExtraError` where that is not installed."""
    try:
        from .openvino import Network
    except ImportError as error:
        raise MissingExtraError(
            "OpenVINO, which answers on the CPU, is not installed: pip install openvino, "
            "or give engine='torch' (--engine torch) to answer with PyTorch."
        ) from error
    return Network
