"""float32 is computed in float32, forward and backward, whatever the flags, which stay the caller's."""

import platform
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from helpers.precisions import HAS_BF16
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from inception_hub.architecture import LOGITS, Architecture
from inception_hub.engines.arithmetic import (
    convolution,
    exact_float32,
    fastest_kernels,
    has_bfloat16,
    product,
)
from inception_hub.engines.torch import Network
from inception_hub.engines.torch_inference import InferenceNetwork
from inception_hub.weights import initialise

ARCHITECTURE = Architecture(0.25, 5)
PRODUCTS = ("convolution", "mm", "bmm", "addmm", "baddbmm")
BACKENDS: Any = torch.backends
NEWER = hasattr(BACKENDS.cudnn, "conv")


def flags() -> dict[str, object]:
    """What decides about float32, as a caller reads it; an error where the caller mixed old and new flags."""
    found: dict[str, Callable[[], object]] = {
        "cudnn.allow_tf32": lambda: BACKENDS.cudnn.allow_tf32,
        "cublas.allow_tf32": lambda: BACKENDS.cuda.matmul.allow_tf32,
        "precision": torch.get_float32_matmul_precision,
        "enabled": lambda: BACKENDS.cudnn.enabled,
        "benchmark": lambda: BACKENDS.cudnn.benchmark,
    }
    if NEWER:
        found |= {
            "cudnn.conv": lambda: BACKENDS.cudnn.conv.fp32_precision,
            "cublas": lambda: BACKENDS.cuda.matmul.fp32_precision,
            "onednn.conv": lambda: BACKENDS.mkldnn.conv.fp32_precision,
            "onednn.matmul": lambda: BACKENDS.mkldnn.matmul.fp32_precision,
        }
    return {name: _read(read) for name, read in found.items()}


def _read(read: Callable[[], object]) -> object:
    try:
        return read()
    except RuntimeError:
        return "mixed"


def exact() -> bool:
    """Whether nothing now allows less than float32."""
    found = flags()
    older = (found["cudnn.allow_tf32"], found["cublas.allow_tf32"], found["precision"])
    newer = {
        found[name] for name in ("cudnn.conv", "cublas", "onednn.conv", "onednn.matmul") if name in found
    }
    return older == (False, False, "highest") and newer <= {"ieee", "none"}


def by_older_flags() -> None:
    torch.set_float32_matmul_precision("medium")
    BACKENDS.cudnn.allow_tf32 = True


def high() -> None:
    torch.set_float32_matmul_precision("high")


def cublas() -> None:
    BACKENDS.cuda.matmul.allow_tf32 = True


def by_newer_flags() -> None:
    for kind in (BACKENDS.cuda.matmul, BACKENDS.cudnn.conv):
        kind.fp32_precision = "tf32"
    for kind in (BACKENDS.mkldnn.matmul, BACKENDS.mkldnn.conv):
        kind.fp32_precision = "bf16"


CALLERS = [by_older_flags, high, cublas, *([by_newer_flags] if NEWER else [])]


@pytest.fixture(autouse=True)
def _own_flags() -> Iterator[None]:
    yield
    torch.set_float32_matmul_precision("highest")
    BACKENDS.cudnn.allow_tf32 = True
    BACKENDS.cudnn.enabled, BACKENDS.cudnn.benchmark = True, False
    if NEWER:
        BACKENDS.mkldnn.conv.fp32_precision = "none"


class Products(TorchDispatchMode):
    """Reads the flags as each convolution and matrix product runs."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, bool]] = []
        self.cudnn: set[tuple[object, object]] = set()  # enabled, benchmark

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = func._schema.name.removeprefix("aten::")
        if name.removesuffix("_backward") in PRODUCTS:
            self.found.append((name, exact()))
            self.cudnn.add((flags()["enabled"], flags()["benchmark"]))
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("train", [False, True])
def test_every_product_of_a_step_is_exact(caller: Callable[[], None], train: bool) -> None:
    network = Network(ARCHITECTURE, initialise(ARCHITECTURE, 0))
    caller()
    before = flags()
    with Products() as products:
        logits = network(torch.rand(2, 32, 32, 3), batch_statistics=train, dropout=train)[LOGITS]
        assert flags() == before
        logits.sum().backward()  # in the caller's hands
    assert flags() == before
    names = [name for name, _ in products.found]
    assert names.count("convolution") == names.count("convolution_backward") == 69
    assert len(names) == 2 * 69 + 2 * 3, "the head's and the stem's products, and two gradients of each"
    assert all(is_exact for _, is_exact in products.found)


@pytest.mark.parametrize("caller", CALLERS)
def test_answers_are_exact_and_by_cudnns_fastest_kernels(caller: Callable[[], None]) -> None:
    answering = InferenceNetwork(Network(ARCHITECTURE, initialise(ARCHITECTURE, 0)))
    images = torch.rand(2, 32, 32, 3)
    expected = answering(images)[LOGITS]
    caller()
    BACKENDS.cudnn.enabled = False
    before = flags()
    with Products() as products:
        found = answering(images)[LOGITS]
    assert flags() == before
    assert len(products.found) == 70 and all(is_exact for _, is_exact in products.found)
    assert products.cudnn == {(True, True)}
    assert torch.equal(found, expected)


@pytest.mark.parametrize("caller", CALLERS)
def test_flags_are_the_callers_again(caller: Callable[[], None]) -> None:
    caller()
    before = flags()
    with exact_float32():
        with exact_float32():
            assert exact()
        assert exact()
    assert flags() == before
    with pytest.raises(ZeroDivisionError), exact_float32():
        raise ZeroDivisionError
    assert flags() == before


def test_the_last_thread_out_restores() -> None:
    by_older_flags()
    before = flags()
    inside, leave = threading.Event(), threading.Event()

    def other() -> None:
        with exact_float32():
            inside.set()
            leave.wait(60)

    thread = threading.Thread(target=other)
    with exact_float32():
        thread.start()
        assert inside.wait(60)
    assert exact()
    leave.set()
    thread.join(60)
    assert flags() == before


def test_kernels_are_cudnns_fastest_inside() -> None:
    BACKENDS.cudnn.enabled = BACKENDS.cudnn.benchmark = False
    with fastest_kernels():
        assert BACKENDS.cudnn.enabled and BACKENDS.cudnn.benchmark
    assert not BACKENDS.cudnn.enabled and not BACKENDS.cudnn.benchmark


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("stride, padding", [(1, (1, 1)), (2, (0, 0))])
def test_gradients_are_pytorchs_own(bias: bool, stride: int, padding: tuple[int, int]) -> None:
    torch.manual_seed(0)
    leaves = [torch.rand(2, 3, 9, 8), torch.rand(4, 3, 3, 3), torch.rand(4)]
    ours, theirs = ([leaf.clone().requires_grad_() for leaf in leaves] for _ in range(2))
    found = convolution(ours[0], ours[1], ours[2] if bias else None, stride, padding)
    expected = torch.nn.functional.conv2d(theirs[0], theirs[1], theirs[2] if bias else None, stride, padding)
    assert torch.equal(found, expected)
    for result in (found, expected):
        result.square().sum().backward()
    for mine, other in zip(ours, theirs, strict=True):
        assert (mine.grad is None) == (other.grad is None)
        assert mine.grad is None or other.grad is None or torch.equal(mine.grad, other.grad)


def test_gradients_of_gradients() -> None:
    x, kernel = (torch.rand(shape, requires_grad=True) for shape in ((1, 2, 5, 5), (3, 2, 3, 3)))
    found = convolution(x, kernel, None, 1, (1, 1)).square().sum()
    (gradient,) = torch.autograd.grad(found, x, create_graph=True)
    (second,) = torch.autograd.grad(product(gradient[0, 0], gradient[0, 1]).sum(), kernel)
    expected = torch.nn.functional.conv2d(x, kernel, padding=1).square().sum()
    (gradient,) = torch.autograd.grad(expected, x, create_graph=True)
    (reference,) = torch.autograd.grad((gradient[0, 0] @ gradient[0, 1]).sum(), kernel)
    assert torch.allclose(second, reference, rtol=1e-4)


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_other_formats_and_autocast_are_left_to_pytorch(dtype: torch.dtype) -> None:
    x, kernel = torch.rand(1, 2, 5, 5, dtype=dtype), torch.rand(3, 2, 3, 3, dtype=dtype, requires_grad=True)
    assert convolution(x, kernel, None, 1, (1, 1)).dtype == dtype
    left: Tensor = torch.rand(2, 3, requires_grad=True)
    with torch.autocast("cpu", torch.bfloat16):
        found = product(left, left.mT)
        assert found.dtype == torch.bfloat16
        assert "Product" not in str(found.grad_fn)


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="known of x86 alone")
def test_a_cpu_has_the_instructions_that_openvino_sees() -> None:
    assert has_bfloat16(torch.device("cpu")) is HAS_BF16
