"""float32 arithmetic on every device: the one place that knows PyTorch's flags for it; and who has bfloat16.

PyTorch may compute float32 convolutions and products in TF32 on GPUs (of ten bits, its default for
convolutions) and in bfloat16 on CPUs. Global flags decide, read whenever an operator runs, so in the backward
pass too: https://docs.pytorch.org/docs/stable/notes/numerical_accuracy.html
"""

import contextlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

Restore = Callable[[], None]
_backends: Any = torch.backends
_BY_OPERATOR = hasattr(_backends.cudnn, "conv")  # flags for each kind of operator: from PyTorch 2.9 on


def has_bfloat16(device: torch.device) -> bool:
    """Whether `device` has instructions for bfloat16.

    Where it has none, PyTorch computes it by others: a training step then takes several times as long as in
    float32. Of CPUs those of x86 are known to have some.
    """
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.cpu._is_avx512_bf16_supported()


class _Held:
    """Flags of the process, set while any thread is inside: the first in sets, the last out restores."""

    def __init__(self, set_flags: Callable[[], list[Restore]]) -> None:
        self._set_flags = set_flags
        self._lock = threading.Lock()
        self._inside = 0
        self._restore: list[Restore] = []

    @contextmanager
    def __call__(self) -> Iterator[None]:
        if torch.compiler.is_compiling():  # a trace records operators, not flags
            yield
            return
        with self._lock:
            if not self._inside:
                self._restore = self._set_flags()
            self._inside += 1
        try:
            yield
        finally:
            with self._lock:
                self._inside -= 1
                if not self._inside:
                    for restore in self._restore:
                        restore()


def _set(owner: Any, name: str, value: Any) -> Restore:
    restore = _restored(owner, name)
    setattr(owner, name, value)
    return restore


def _restored(owner: Any, name: str) -> Restore:
    value = getattr(owner, name)
    return lambda: setattr(owner, name, value)


def _forbid() -> list[Restore]:
    """Sets what allows less than float32, in the older and the newer flags alike.

    PyTorch refuses to read either kind where the other contradicts it. Setting the older ones sets the newer
    ones with them, so these are restored last.
    """
    older: list[Restore] = []
    newer: list[Restore] = []
    kinds: list[Any] = []
    if _BY_OPERATOR:
        kinds = [_backends.cudnn.conv, _backends.mkldnn.conv, _backends.cuda.matmul, _backends.mkldnn.matmul]
        newer = [_restored(kind, "fp32_precision") for kind in kinds]
        kinds = [kind for kind in kinds if kind.fp32_precision not in ("ieee", "none")]
    with contextlib.suppress(RuntimeError):  # newer flags that the older ones have no words for
        if (precision := torch.get_float32_matmul_precision()) != "highest":
            torch.set_float32_matmul_precision("highest")
            older.append(lambda: torch.set_float32_matmul_precision(precision))
    with contextlib.suppress(RuntimeError):
        if _backends.cudnn.allow_tf32:
            older.append(_set(_backends.cudnn, "allow_tf32", False))
    for kind in kinds:
        kind.fp32_precision = "ieee"
    return older + newer if older or kinds else []


def _choose() -> list[Restore]:
    return [_set(_backends.cudnn, "enabled", True), _set(_backends.cudnn, "benchmark", True)]


exact_float32 = _Held(_forbid)
"""Inside, float32 operators compute in float32, whatever the caller's flags, which are as before outside.

May be nested and used by several threads at once. The flags are the process's: other threads' operators are
exact meanwhile. A trace (`torch.compile`, `torch.export`) holds no flags: call what is compiled inside.
"""

fastest_kernels = _Held(_choose)
"""Inside, cuDNN is on and tries its kernels for each new shape, to take the fastest."""


def convolution(
    x: Tensor, kernel: Tensor, bias: Tensor | None, stride: int, padding: tuple[int, int]
) -> Tensor:
    """`F.conv2d`, whose float32 is float32 in the backward pass too, wherever that is called from."""
    if _is_exact(x, kernel):
        return _Convolution.apply(x, kernel, bias, stride, padding)
    return F.conv2d(x, kernel, bias, stride, padding)


def product(left: Tensor, right: Tensor) -> Tensor:
    """Matrix product, of two matrices or of as many pairs, exact as `convolution` is."""
    if _is_exact(left, right):
        return _Product.apply(left, right)
    return left @ right


def _is_exact(*tensors: Tensor) -> bool:
    """Whether the flags can matter, and no tracer or autocast is active."""
    return (
        all(tensor.dtype == torch.float32 for tensor in tensors)
        and not torch.is_autocast_enabled(tensors[0].device.type)
        and not torch.compiler.is_compiling()
    )


class _Convolution(torch.autograd.Function):
    @staticmethod
    def forward(
        x: Tensor, kernel: Tensor, bias: Tensor | None, stride: int, padding: tuple[int, int]
    ) -> Tensor:
        with exact_float32():
            return F.conv2d(x, kernel, bias, stride, padding)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        x, kernel, bias, ctx.stride, ctx.padding = inputs
        ctx.bias_sizes = None if bias is None else list(bias.shape)
        ctx.save_for_backward(x, kernel)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:  # type: ignore[override]
        x, kernel = ctx.saved_tensors
        stride, padding, wanted = [ctx.stride] * 2, list(ctx.padding), list(ctx.needs_input_grad[:3])
        with exact_float32():
            gradients = torch.ops.aten.convolution_backward(
                gradient, x, kernel, ctx.bias_sizes, stride, padding, [1, 1], False, [0, 0], 1, wanted
            )
        return (*gradients, None, None)


class _Product(torch.autograd.Function):
    @staticmethod
    def forward(left: Tensor, right: Tensor) -> Tensor:
        with exact_float32():
            return left @ right

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor], output: Tensor) -> None:
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None]:  # type: ignore[override]
        left, right = ctx.saved_tensors
        with exact_float32():
            return (
                gradient @ right.mT if ctx.needs_input_grad[0] else None,
                left.mT @ gradient if ctx.needs_input_grad[1] else None,
            )
