"""The network as a table: every endpoint, with its branches and their layers, as TF-Slim has them."""

from dataclasses import dataclass

from .layers import Op

SCOPE = "InceptionV2"
BATCH_NORM_EPSILON = 1e-3
BATCH_NORM_MOMENTUM = 0.99  # the hub module's default; TF-Slim trained with 0.9997
DROPOUT_RATE = 0.2  # Slim's dropout_keep_prob=0.8, before the logits, train variant only
WEIGHT_DECAY = 4e-5  # the loss term is WEIGHT_DECAY * sum(w ** 2) / 2 for every regularised kernel
MIN_DEPTH = 16  # Slim's min_depth: no layer gets thinner than this, whatever the depth multiplier


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
