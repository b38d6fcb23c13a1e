"""One layer: its variables by TF-Slim's names, with shapes and first values; its padding and cost."""

import math
from dataclasses import dataclass
from typing import Literal

Op = Literal["separable_conv", "conv", "max_pool", "avg_pool"]
Shape = tuple[int, ...]


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
    is_head: bool = False  # makes the logits: with a bias, without batch norm

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
        if self.is_head:
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


def same_padding(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """TensorFlow's SAME padding (before, after) along one axis of `size` pixels, for `stride` up to `kernel`.

    Asymmetric: what cannot be split evenly goes to the bottom and right.
    """
    total = (-(-size // stride) - 1) * stride + kernel - size
    return total // 2, total - total // 2
