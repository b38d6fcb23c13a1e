"""What every engine can do, the names of engines and precisions, and how one is chosen and loaded."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, get_args

import numpy as np
from numpy.typing import NDArray

from ..architecture import BATCH_NORM_MOMENTUM, Architecture
from ..errors import ArgumentError, MissingExtraError
from ..system.extras import missing
from ..weights import Weights
from .compiled_graphs import CompiledGraphCache
from .int8 import Int8

EngineName = Literal["openvino", "torch"]
ENGINES: tuple[EngineName, ...] = get_args(EngineName)
Precision = Literal["f32", "bf16", "int8"]
PrecisionChoice = Literal["auto", "f32", "bf16", "int8"]
PRECISIONS: tuple[Precision, ...] = get_args(Precision)
OPENVINO_DEVICES = ("gpu", "npu")  # Intel's, beside the CPU; every other device is PyTorch's


@dataclass(frozen=True)
class EngineOptions:
    """How an engine computes.

    `precision`: `f32` is float32 arithmetic on every device. `device`: None is the CPU; `gpu` and `npu`
    are OpenVINO's, any other is PyTorch's name of one, such as `cuda` or `mps`. `cores`: how many the CPU
    engine uses, None for all. `trainable`: variables take gradients. `batch_statistics`: TF's train
    variant, which normalises by the batch and drops out before the logits. `compiled_graphs`: where
    compiled graphs are kept on disk, None keeps none.
    """

    precision: Precision = "f32"
    device: str | None = None
    cores: int | None = None
    trainable: bool = False
    batch_statistics: bool = False
    compiled_graphs: CompiledGraphCache | None = None


class Engine(Protocol):
    """The network with one set of weights, ready to compute on one device."""

    name: EngineName
    precision: Precision  # computed in: f32 where the CPU lacks the one that was asked for

    @staticmethod
    def computes(precision: Precision, device: str | None) -> bool:
        """Whether `device` has instructions for `precision`; None is the CPU."""
        ...

    def __init__(
        self, architecture: Architecture, weights: Weights, int8: Int8 | None, options: EngineOptions
    ) -> None:
        """`weights` by Slim's names, float32; `int8` is what `quantize` made of them, for that precision."""
        ...

    def endpoints(
        self,
        images: Any,
        names: Sequence[str],
        *,
        momentum: float = BATCH_NORM_MOMENTUM,
        share_cores: bool = False,
    ) -> Mapping[str, Any]:
        """The named endpoints, NHWC, for `images` float32 [batch, height, width, 3] in [0, 1].

        NumPy arrays give NumPy arrays; torch tensors, on PyTorch only, give torch tensors. `momentum` is of
        the moving statistics, which move only where the engine is trainable and has batch statistics.
        `share_cores`: for several calls at once, each of which then computes on a share of the cores instead
        of on all. Raises `InputError` and `ArgumentError` for other images.
        """
        ...

    def variable_map(self) -> Mapping[str, Any]:
        """Every variable by Slim's name, in Slim's shapes: live tensors on PyTorch, else read-only arrays."""
        ...

    def weights(self) -> dict[str, NDArray[np.float32]]:
        """The present values of `variable_map`, as arrays on the CPU."""
        ...

    def trainable_variables(self) -> list[Any]:
        """Kernels, biases and betas, sorted by name; empty unless trainable."""
        ...

    def regularization_losses(self) -> list[Any]:
        """Slim's weight decay as scalars; empty unless trainable."""
        ...


def choose_engine(engine: EngineName | None, options: EngineOptions) -> EngineName:
    """`engine`, else PyTorch where `options` need it (training, a device) and OpenVINO where they do not.

    Raises `ArgumentError` for an engine or a precision that does not exist, and for options the engine lacks.
    """
    if engine is not None and engine not in ENGINES:
        raise ArgumentError(f"engine is {engine!r}; give 'openvino', 'torch', or leave it out.")
    if options.precision not in PRECISIONS:
        raise ArgumentError(
            f"precision is {options.precision!r}; give 'f32' (the original's numbers), "
            "'bf16', 'int8' or 'auto'."
        )
    trains = options.trainable or options.batch_statistics
    if trains and engine == "openvino":
        raise ArgumentError(
            "engine='openvino' is for inference only; a trainable module or tags={'train'} take 'torch'."
        )
    on_openvino = options.device in OPENVINO_DEVICES
    on_torch = options.device is not None and not on_openvino
    chosen: EngineName = engine or ("torch" if trains or on_torch else "openvino")
    if on_torch and chosen != "torch":
        raise ArgumentError(
            f"device is {options.device!r}, which is PyTorch's; leave out engine='openvino', or give 'gpu' "
            "or 'npu'."
        )
    if on_openvino and chosen != "openvino":
        raise ArgumentError(
            f"device is {options.device!r}, which is OpenVINO's, for inference only; give 'cuda' or 'mps', "
            "or leave it out."
        )
    if options.precision == "int8" and chosen == "torch":
        raise ArgumentError("precision='int8' is OpenVINO's; give 'bf16', or leave PyTorch out.")
    return chosen


def load_engine(name: EngineName) -> type[Engine]:
    """The engine's class; raises `MissingExtraError` where its library is not installed."""
    try:
        if name == "torch":
            from .torch_engine import TorchEngine

            return TorchEngine
        from .openvino import OpenVINOEngine

        return OpenVINOEngine
    except ImportError as error:
        if name == "torch":
            raise missing("engine='torch' (--engine, --device) needs PyTorch", "train") from error
        raise MissingExtraError(
            "OpenVINO, which computes on the CPU, is not installed: pip install openvino, "
            "or give engine='torch' (--engine torch) to compute with PyTorch."
        ) from error


def is_torch_tensor(value: Any) -> bool:
    """Whether `value` is a torch tensor; PyTorch is not imported for those who do not use it."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)
