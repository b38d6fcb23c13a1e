"""The network that the table describes, at any depth multiplier: its layers, variables, shapes and counts."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from ..errors import ArgumentError
from .layers import Layer, Shape, Variable
from .table import MIN_DEPTH, SCOPE, TABLE, Row

# Names of endpoints, and of the layer that makes the logits.
FEATURE_MAP = f"{SCOPE}/Mixed_5c"
GLOBAL_POOL = f"{SCOPE}/global_pool"
LOGITS = f"{SCOPE}/Logits"
PREDICTIONS = f"{SCOPE}/Predictions"
LOGITS_LAYER = f"{SCOPE}/Logits/Conv2d_1c_1x1"


@dataclass(frozen=True)
class Block:
    """One endpoint: branches over one input, concatenated along the channels."""

    name: str
    branches: tuple[tuple[Layer, ...], ...]

    @property
    def out_channels(self) -> int:
        """Channels after concatenation."""
        return sum(branch[-1].out_channels for branch in self.branches)

    @property
    def stride(self) -> int:
        """How much smaller the output is than the input, per side; the same in every branch."""
        return math.prod(layer.stride for layer in self.branches[0])


@dataclass(frozen=True)
class Architecture:
    """Inception V2 at a `depth_multiplier` (> 0) with `num_classes` outputs (0: no logits).

    Raises `ArgumentError` (a `ValueError`) for a multiplier that is not a positive number or a
    negative number of classes.
    """

    depth_multiplier: float = 1.0
    num_classes: int = 1001

    def __post_init__(self) -> None:
        if not (math.isfinite(self.depth_multiplier) and self.depth_multiplier > 0):
            raise ArgumentError(
                f"depth_multiplier is {self.depth_multiplier}; it must be a number greater than zero, "
                "1.0 being the original."
            )
        if self.num_classes < 0:
            raise ArgumentError(
                f"num_classes is {self.num_classes}; give 0 for a network without logits, "
                "or a positive number."
            )

    def _depth(self, channels: int) -> int:
        return max(int(channels * self.depth_multiplier), MIN_DEPTH)

    def _layer(self, block: str, row: Row, in_channels: int) -> Layer:
        name = f"{SCOPE}/{block}/{row.name}".rstrip("/")
        out_channels = self._depth(row.channels) if row.channels else in_channels
        multiplier = min(int(out_channels / 3), 8) if row.op == "separable_conv" else 0
        return Layer(name, row.op, row.kernel, row.stride, in_channels, out_channels, row.stddev, multiplier)

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """The 15 blocks from `Conv2d_1a_7x7` to `Mixed_5c`, in order."""
        blocks: list[Block] = []
        channels = 3
        for name, rows in TABLE.items():
            branches: list[tuple[Layer, ...]] = []
            for branch_rows in rows:
                branch: list[Layer] = []
                for row in branch_rows:
                    branch.append(self._layer(name, row, branch[-1].out_channels if branch else channels))
                branches.append(tuple(branch))
            blocks.append(Block(f"{SCOPE}/{name}", tuple(branches)))
            channels = blocks[-1].out_channels
        return tuple(blocks)

    @property
    def num_features(self) -> int:
        """Length of the feature vector: 1024 at `depth_multiplier=1.0`."""
        return self.blocks[-1].out_channels

    @cached_property
    def logits_layer(self) -> Layer | None:
        """The 1x1 convolution with a bias on the pooled features; None without classes."""
        if not self.num_classes:
            return None
        return Layer(LOGITS_LAYER, "conv", 1, 1, self.num_features, self.num_classes, None, is_head=True)

    @property
    def layers(self) -> Iterator[Layer]:
        """Every layer in order of computation, the logits last."""
        for block in self.blocks:
            for branch in block.branches:
                yield from branch
        if self.logits_layer:
            yield self.logits_layer

    @cached_property
    def variables(self) -> dict[str, Variable]:
        """Every variable by name, in order of computation."""
        return {v.name: v for layer in self.layers for v in layer.variables}

    @property
    def endpoint_names(self) -> tuple[str, ...]:
        """Keys of `as_dict=True` beside `default`: 16, and two more where there is a head."""
        head = (LOGITS, PREDICTIONS) if self.num_classes else ()
        return (*(block.name for block in self.blocks), GLOBAL_POOL, *head)

    def endpoint_shapes(self, height: int, width: int) -> dict[str, Shape]:
        """Shape without the batch of every endpoint for images of `height` x `width` pixels."""
        shapes: dict[str, Shape] = {}
        for block in self.blocks:
            height, width = (math.ceil(size / block.stride) for size in (height, width))
            shapes[block.name] = (height, width, block.out_channels)
        shapes[GLOBAL_POOL] = (1, 1, self.num_features)
        if self.num_classes:
            shapes[LOGITS] = shapes[PREDICTIONS] = (self.num_classes,)
        return shapes

    def num_parameters(self) -> int:
        """Scalars in all variables, moving statistics included."""
        return sum(v.size for v in self.variables.values())

    def macs(self, height: int, width: int) -> int:
        """Multiply-accumulates of one image of `height` x `width` pixels, the stem as two steps."""
        total = 0
        for block in self.blocks:
            for branch in block.branches:
                h, w = height, width
                for layer in branch:
                    h, w = (math.ceil(size / layer.stride) for size in (h, w))
                    total += layer.macs(h, w)
            height, width = (math.ceil(size / block.stride) for size in (height, width))
        return total + (self.logits_layer.macs(1, 1) if self.logits_layer else 0)
