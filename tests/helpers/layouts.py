"""Records the memory layout of convolutions' outputs."""

from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from inception_hub.architecture import Architecture

ARCHITECTURE = Architecture(0.25, 5)


class Layouts(TorchDispatchMode):
    """Keeps whether each convolution's output is channels-last, and the channels of each one's input."""

    def __init__(self) -> None:
        super().__init__()
        self.channels_last: list[bool] = []
        self.channels: list[int] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        found = func(*args, **(kwargs or {}))
        if func is torch.ops.aten.convolution.default:
            self.channels_last.append(found.is_contiguous(memory_format=torch.channels_last))
            self.channels.append(args[0].shape[1])
        return found
