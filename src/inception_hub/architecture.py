"""Inception V2 as data: one frozen table that every engine, loader and export walks.

The network of `google/imagenet/inception_v2/classification/3`, which is TF-Slim's `inception_v2`
(Ioffe & Szegedy, https://arxiv.org/abs/1502.03167, with a separable stem). Names, channel counts and
initialisers are those of TF-Slim's `nets/inception_v2.py`; variables are named as in its checkpoints.

At `depth_multiplier=1.0` with 1001 classes: 277 variables, 11,199,137 scalars (10,173,112 without the
logits), 1.935 GMAC at 224 x 224. `Mixed_5c` is 7 x 7 x 1024 at 224 x 224 and 10 x 10 x 1024 at 299 x 299.

Standard library only: this file knows names and integers, never arrays.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from .errors import ArgumentError

SCOPE = "InceptionV2"
BATCH_NORM_EPSILON = 1e-3
BATCH_NORM_MOMENTUM = 0.99  # the hub module's default; TF-Slim trained with 0.9997
DROPOUT_RATE = 0.2  # Slim's dropout_keep_prob=0.8, before the logits, train variant only
WEIGHT_DECAY = 4e-5  # the loss term is WEIGHT_DECAY * sum(w ** 2) / 2 for every regularised kernel
MIN_DEPTH = 16  # Slim's min_depth: no layer gets thinner than this, whatever the depth multiplier

Op = Literal["separable_conv", "conv", "max_pool", "avg_pool"]
Shape = tuple[int, ...]


@dataclass(frozen=True)
class Row:
    """One line of the table: a layer at `depth_multiplier=1.0`, named inside its block."""

    name: str
    op: Op
    kernel: int
    stride: int = 1
    channels: int = 0  # output channels; pools keep their input's
    stddev: float | None = None  # truncated normal of this width; None: Slim's variance scaling


Branches = tuple[tuple[Row, ...], ...]


def _single(op: Op, kernel: int, stride: int = 1, channels: int = 0, stddev: float | None = None) -> Branches:
    return ((Row("", op, kernel, stride, channels, stddev),),)


def _reduce(branch: int, channels: int) -> Row:
    return Row(f"Branch_{branch}/Conv2d_0a_1x1", "conv", 1, 1, channels, 0.09)


def _inception(b0: int, b1: tuple[int, int], b2: tuple[int, int], b3: int, pool: Op = "avg_pool") -> Branches:
    """1x1 | 1x1 -> 3x3 | 1x1 -> 3x3 -> 3x3 | pool -> 1x1, all stride 1."""
    pool_name = "MaxPool_0a_3x3" if pool == "max_pool" else "AvgPool_0a_3x3"
    return (
        (Row("Branch_0/Conv2d_0a_1x1", "conv", 1, 1, b0),),
        (_reduce(1, b1[0]), Row("Branch_1/Conv2d_0b_3x3", "conv", 3, 1, b1[1])),
        (
            _reduce(2, b2[0]),
            Row("Branch_2/Conv2d_0b_3x3", "conv", 3, 1, b2[1]),
            Row("Branch_2/Conv2d_0c_3x3", "conv", 3, 1, b2[1]),
        ),
        (Row(f"Branch_3/{pool_name}", pool, 3), Row("Branch_3/Conv2d_0b_1x1", "conv", 1, 1, b3, 0.1)),
    )


def _reduction(b0: tuple[int, int], b1: tuple[int, int]) -> Branches:
    """1x1 -> 3x3 stride 2 | 1x1 -> 3x3 -> 3x3 stride 2 | max pool stride 2."""
    return (
        (_reduce(0, b0[0]), Row("Branch_0/Conv2d_1a_3x3", "conv", 3, 2, b0[1])),
        (
            _reduce(1, b1[0]),
            Row("Branch_1/Conv2d_0b_3x3", "conv", 3, 1, b1[1]),
            Row("Branch_1/Conv2d_1a_3x3", "conv", 3, 2, b1[1]),
        ),
        (Row("Branch_2/MaxPool_1a_3x3", "max_pool", 3, 2),),
    )


# Every endpoint of the network, in order. A block's branches read the same input; their outputs are
# concatenated along the channels.
TABLE: dict[str, Branches] = {
    "Conv2d_1a_7x7": _single("separable_conv", 7, 2, 64, 1.0),
    "MaxPool_2a_3x3": _single("max_pool", 3, 2),
    "Conv2d_2b_1x1": _single("conv", 1, 1, 64, 0.1),
    "Conv2d_2c_3x3": _single("conv", 3, 1, 192),
    "MaxPool_3a_3x3": _single("max_pool", 3, 2),
    "Mixed_3b": _inception(64, (64, 64), (64, 96), 32),
    "Mixed_3c": _inception(64, (64, 96), (64, 96), 64),
    "Mixed_4a": _reduction((128, 160), (64, 96)),
    "Mixed_4b": _inception(224, (64, 96), (96, 128), 128),
    "Mixed_4c": _inception(192, (96, 128), (96, 128), 128),
    "Mixed_4d": _inception(160, (128, 160), (128, 160), 96),
    "Mixed_4e": _inception(96, (128, 192), (160, 192), 96),
    "Mixed_5a": _reduction((128, 192), (192, 256)),
    "Mixed_5b": _inception(352, (192, 320), (160, 224), 128),
    "Mixed_5c": _inception(352, (192, 320), (192, 224), 128, pool="max_pool"),
}

# Names of endpoints, and of the layer that makes the logits.
FEATURE_MAP = f"{SCOPE}/Mixed_5c"
GLOBAL_POOL = f"{SCOPE}/global_pool"
LOGITS = f"{SCOPE}/Logits"
PREDICTIONS = f"{SCOPE}/Predictions"
LOGITS_LAYER = f"{SCOPE}/Logits/Conv2d_1c_1x1"


@dataclass(frozen=True)
class Variable:
    """One variable of the network, as it stands in a checkpoint.

    `shape` is TensorFlow's (kernels HWIO). `regularized` marks the 69 kernels in Slim's weight decay.
    `stddev` is that of the truncated normal a kernel starts from, None for everything that starts
    from a constant.
    """

    name: str
    shape: Shape
    trainable: bool = True
    regularized: bool = False
    stddev: float | None = None

    @property
    def size(self) -> int:
        """Number of scalars."""
        return math.prod(self.shape)

    @property
    def constant(self) -> float:
        """What a variable without a `stddev` starts from."""
        return 1.0 if self.name.endswith("moving_variance") else 0.0


@dataclass(frozen=True)
class Layer:
    """One layer at a given depth multiplier: `name` is its full Slim scope."""

    name: str
    op: Op
    kernel: int
    stride: int
    in_channels: int
    out_channels: int
    stddev: float | None
    depthwise_multiplier: int = 0  # channels per input channel, separable convolution only

    @property
    def weights(self) -> str:
        """Name of a convolution's kernel."""
        return f"{self.name}/weights"

    @property
    def beta(self) -> str:
        """Name of the batch norm's offset (there is no scale: gamma is 1 throughout)."""
        return f"{self.name}/BatchNorm/beta"

    @property
    def moving_mean(self) -> str:
        """Name of the batch norm's moving mean."""
        return f"{self.name}/BatchNorm/moving_mean"

    @property
    def moving_variance(self) -> str:
        """Name of the batch norm's moving variance."""
        return f"{self.name}/BatchNorm/moving_variance"

    @property
    def depthwise_weights(self) -> str:
        """Name of a separable convolution's spatial kernel, [k, k, in, multiplier]."""
        return f"{self.name}/depthwise_weights"

    @property
    def pointwise_weights(self) -> str:
        """Name of a separable convolution's 1x1 kernel, [1, 1, in * multiplier, out]."""
        return f"{self.name}/pointwise_weights"

    @property
    def biases(self) -> str:
        """Name of the bias of a layer without batch norm (the stem and the logits)."""
        return f"{self.name}/biases"

    @property
    def variables(self) -> tuple[Variable, ...]:
        """The layer's variables; a pool has none."""
        k, cin, cout = self.kernel, self.in_channels, self.out_channels
        if self.op == "separable_conv":  # bias and no batch norm, no weight decay: see Slim's arg_scope
            mid = cin * self.depthwise_multiplier
            return (
                Variable(self.depthwise_weights, (k, k, cin, self.depthwise_multiplier), stddev=self.stddev),
                Variable(self.pointwise_weights, (1, 1, mid, cout), stddev=self.stddev),
                Variable(self.biases, (cout,)),
            )
        if self.op != "conv":
            return ()
        # Slim's variance_scaling_initializer(factor=2, FAN_IN): 1.3 makes up for the truncation.
        stddev = self.stddev if self.stddev is not None else math.sqrt(1.3 * 2.0 / (k * k * cin))
        kernel = Variable(self.weights, (k, k, cin, cout), regularized=True, stddev=stddev)
        if self.name == LOGITS_LAYER:
            return (kernel, Variable(self.biases, (cout,)))
        return (
            kernel,
            Variable(self.beta, (cout,)),
            Variable(self.moving_mean, (cout,), trainable=False),
            Variable(self.moving_variance, (cout,), trainable=False),
        )

    def macs(self, height: int, width: int) -> int:
        """Multiply-accumulates for an output of `height` x `width`; pools count as free."""
        kernels = sum(v.size for v in self.variables if v.name.endswith("weights"))
        return kernels * height * width


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
        return Layer(LOGITS_LAYER, "conv", 1, 1, self.num_features, self.num_classes, None)

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


def same_padding(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """TensorFlow's SAME padding (before, after) along one axis of `size` pixels, for `stride` up to `kernel`.

    Asymmetric: what cannot be split evenly goes to the bottom and right.
    """
    total = (-(-size // stride) - 1) * stride + kernel - size
    return total // 2, total - total // 2
