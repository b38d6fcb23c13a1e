"""The steps of a module's int8 arrays as runtimes of integers take them: scales, zero points, weights."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..architecture import GLOBAL_POOL, Architecture, Block
from ..engines.int8 import SCALED, Int8

STEPS, LARGEST_BIAS = 255, 2.0**30  # of eight bits; of int32, well below its end
OF_FLOATS = np.float32(1e-3)  # the step assumed of what is not rounded: as fine

Range = NDArray[np.float32]  # the lowest and the highest step


def step(limits: Range) -> np.float32:
    """The distance of two steps of a range, never zero."""
    return np.maximum((limits[1] - limits[0]) / np.float32(STEPS), np.finfo(np.float32).tiny)


def zero_point(limits: Range) -> int:
    """The step, counted from the lowest, 0 to 255, that stands for zero."""
    return int(np.clip(np.rint(-limits[0] / step(limits)), 0, STEPS))


@dataclass(frozen=True)
class Whole:
    """`kernel` int8 HWIO, in steps of `scale` [out]; `bias` int32 [out] in steps of `bias_scale`."""

    kernel: NDArray[np.int8]
    scale: NDArray[np.float64]
    bias: NDArray[np.int32]
    bias_scale: NDArray[np.float64]


def whole(int8: Int8, name: str, limits: Range | None) -> Whole:
    """The weights of the layer `name`, whose input is rounded within `limits` (None: it is not).

    A bias has the steps of input and kernel multiplied: where it would not fit into int32, the kernel gets
    coarser steps.
    """
    kernel, scale = int8[f"{name}/weights"], int8[f"{name}/scale"].astype(np.float64)
    bias = int8[f"{name}/biases"].astype(np.float64)
    of_input = float(OF_FLOATS if limits is None else step(limits))
    wider = np.maximum(scale, np.abs(bias) / (of_input * LARGEST_BIAS))
    return Whole(
        np.rint(kernel * (scale / wider)).astype(np.int8),
        wider,
        np.rint(bias / (of_input * wider)).astype(np.int32),
        of_input * wider,
    )


def ranges(architecture: Architecture, int8: Int8) -> dict[str, Range | None]:
    """Within what the input of each layer, and each concatenation, is rounded; None: it is not.

    The parts of a concatenation may be rounded each within its own range; it is rounded itself where they all
    share one.
    """
    inputs: dict[str, Range | None] = {}
    limits: Range | None = int8[f"{SCALED}/range"]
    for block in architecture.blocks:
        limits = _of_block(block, int8, limits, inputs)
        if len(block.branches) > 1:  # else a layer has this name
            inputs[block.name] = limits
    if architecture.logits_layer:
        inputs[architecture.logits_layer.name] = int8[f"{GLOBAL_POOL}/range"]
    return inputs


def _of_block(
    block: Block, int8: Int8, limits: Range | None, inputs: dict[str, Range | None]
) -> Range | None:
    ends: list[Range | None] = []
    for branch in block.branches:
        here = limits
        for layer in branch:
            inputs[layer.name] = here
            if layer.op != "max_pool":
                here = int8[f"{layer.name}/range"]
        ends.append(here)
    first = ends[0]
    same = first is not None and all(end is not None and np.array_equal(end, first) for end in ends)
    return first if same else None
