"""The engine on PyTorch: on CPUs and GPUs, for inference and training."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..architecture import BATCH_NORM_MOMENTUM, Architecture
from ..errors import ArgumentError, InputError
from ..inputs import EXPECTED, check_shape, numpy_images
from ..weights import Weights
from .arithmetic import has_bfloat16
from .engine import EngineName, EngineOptions, Precision
from .int8 import Int8
from .torch import Network
from .torch_inference import InferenceNetwork


class TorchEngine:
    """See `Engine`. Variables are live: whoever changes one changes the network."""

    name: EngineName = "torch"

    @staticmethod
    def computes(precision: Precision, device: str | None) -> bool:
        """See `Engine.computes`; int8 is OpenVINO's."""
        return precision == "f32" or (precision == "bf16" and has_bfloat16(torch.device(device or "cpu")))

    def __init__(
        self, architecture: Architecture, weights: Weights, int8: Int8 | None, options: EngineOptions
    ) -> None:
        self.precision: Precision = options.precision
        self._trainable, self._batch_statistics = options.trainable, options.batch_statistics
        network = Network(architecture, weights).requires_grad_(options.trainable)
        self.network = _on_device(network, options.device)
        dtype = torch.bfloat16 if options.precision == "bf16" else torch.float32
        self.inference = InferenceNetwork(self.network, dtype)

    def endpoints(
        self,
        images: Any,
        names: Sequence[str],
        *,
        momentum: float = BATCH_NORM_MOMENTUM,
        share_cores: bool = False,  # PyTorch's threads are its process's: calls take turns at them
    ) -> Mapping[str, Any]:
        """See `Engine.endpoints`. Torch tensors get gradients where PyTorch has them enabled."""
        device = next(self.network.parameters()).device
        if from_torch := isinstance(images, Tensor):
            tensor = torch_images(images, device)
        else:
            tensor = torch.from_numpy(numpy_images(images))
        gradients = from_torch and torch.is_grad_enabled()
        if not self._batch_statistics and not gradients:
            endpoints = self.inference(tensor, names)
        else:
            with (
                torch.set_grad_enabled(gradients),
                torch.autocast(device.type, torch.bfloat16, enabled=self.precision == "bf16"),
            ):
                endpoints = self.network(
                    tensor.to(device),
                    batch_statistics=self._batch_statistics,
                    momentum=momentum if self._batch_statistics and self._trainable else None,
                    dropout=self._batch_statistics,
                    endpoints=names,
                )
        floats = {name: endpoints[name].float() for name in names}
        return floats if from_torch else {name: value.cpu().numpy() for name, value in floats.items()}

    def variable_map(self) -> dict[str, Tensor]:
        """The live parameters and buffers, sorted by name."""
        state = {**dict(self.network.named_parameters()), **dict(self.network.named_buffers())}
        return {name: state[name] for name in sorted(state)}

    def weights(self) -> dict[str, NDArray[np.float32]]:
        """The present values of `variable_map`, as arrays on the CPU."""
        return {name: value.detach().cpu().numpy() for name, value in self.variable_map().items()}

    def trainable_variables(self) -> list[Tensor]:
        """The live parameters, sorted by name; empty unless trainable."""
        if not self._trainable:
            return []
        return [value for name, value in sorted(self.network.named_parameters())]

    def regularization_losses(self) -> list[Tensor]:
        """Slim's weight decay, one scalar for each regularised kernel; empty unless trainable."""
        return self.network.regularization_losses() if self._trainable else []


def torch_images(images: Tensor, device: torch.device) -> Tensor:
    """`images` itself: dtype, shape and device are checked, values are left to the caller.

    Raises `InputError` for another dtype or shape, `ArgumentError` for another device.
    """
    if images.dtype != torch.float32:
        raise InputError(
            f"Can't convert 'images': got a tensor of {images.dtype}; {EXPECTED}: use images.float()."
        )
    check_shape(tuple(images.shape))
    if images.device.type != device.type:
        raise ArgumentError(
            f"'images' is on {images.device} and the module on {device}; "
            f"move one to the other: images.to({device.type!r})."
        )
    return images


def _on_device(network: Network, device: str | None) -> Network:
    try:
        return network.to(torch.device("cpu" if device is None else device))
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise ArgumentError(
            f"device is {device!r}, which PyTorch cannot use here ({reason}); give 'cpu' or leave it out."
        ) from error
