"""The network as TensorFlow operations, for graphs of TensorFlow 1 and 2 and for eager tensors.

Written with operations that TensorFlow 2.13 knows too: the last tensorflow_hub with `hub.Module` lives there.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...architecture import (
    BATCH_NORM_EPSILON,
    DROPOUT_RATE,
    GLOBAL_POOL,
    LOGITS,
    PREDICTIONS,
    WEIGHT_DECAY,
    Architecture,
    Layer,
)
from .library import tf


@dataclass
class Graph:
    """The network over `variables`, TensorFlow's by TF-Slim's names.

    `momentum` None: batch norm by the moving statistics, no dropout. A float32 scalar: by the batch's, with
    dropout before the logits, and `updates` collects what makes the moving statistics follow.
    """

    architecture: Architecture
    variables: Mapping[str, Any]
    momentum: Any = None
    updates: list[Any] = field(default_factory=list)

    def __call__(self, images: Any) -> dict[str, Any]:
        """Every endpoint, for images float32 [batch, height, width, 3] in [0, 1]."""
        x = images * 2.0 - 1.0
        endpoints: dict[str, Any] = {}
        for block in self.architecture.blocks:
            branches = [self._branch(x, branch) for branch in block.branches]
            with tf.name_scope(block.name):
                x = tf.concat(branches, 3, "concat") if len(branches) > 1 else branches[0]
            endpoints[block.name] = x
        endpoints[GLOBAL_POOL] = x = tf.reduce_mean(x, [1, 2], keepdims=True)
        if layer := self.architecture.logits_layer:
            if self.momentum is not None:
                x = tf.nn.dropout(x, DROPOUT_RATE)
            x = tf.nn.conv2d(x, self.variables[layer.weights], 1, "SAME") + self.variables[layer.biases]
            endpoints[LOGITS] = tf.squeeze(x, [1, 2])
            endpoints[PREDICTIONS] = tf.nn.softmax(endpoints[LOGITS])
        return endpoints

    def _branch(self, x: Any, branch: tuple[Layer, ...]) -> Any:
        for layer in branch:
            with tf.name_scope(layer.name):
                x = self._layer(x, layer)
        return x

    def _layer(self, x: Any, layer: Layer) -> Any:
        variables = self.variables
        match layer.op:
            case "max_pool":
                return tf.nn.max_pool2d(x, layer.kernel, layer.stride, "SAME")
            case "avg_pool":
                return tf.nn.avg_pool2d(x, layer.kernel, layer.stride, "SAME")
            case "separable_conv":
                kernels = variables[layer.depthwise_weights], variables[layer.pointwise_weights]
                x = tf.nn.separable_conv2d(x, *kernels, [1, layer.stride, layer.stride, 1], "SAME")
                return tf.nn.relu(x + variables[layer.biases])
            case "conv":
                x = tf.nn.conv2d(x, variables[layer.weights], layer.stride, "SAME")
                return tf.nn.relu(self._normalised(x, layer))

    def _normalised(self, x: Any, layer: Layer) -> Any:
        """TF-Slim's fused batch norm without a scale."""
        moving = [self.variables[name] for name in (layer.moving_mean, layer.moving_variance)]
        ones, beta = tf.ones([layer.out_channels]), self.variables[layer.beta]
        training = self.momentum is not None
        x, mean, variance = tf.compat.v1.nn.fused_batch_norm(
            x, ones, beta, *([] if training else moving), epsilon=BATCH_NORM_EPSILON, is_training=training
        )
        if training:
            for statistic, batch in zip(moving, (mean, variance), strict=True):
                change = (statistic - batch) * (1.0 - self.momentum)
                self.updates.append(statistic.assign_sub(change, read_value=False))
        return x


def regularization_losses(
    architecture: Architecture, variables: Mapping[str, Any]
) -> list[Callable[[], Any]]:
    """TF-Slim's weight decay, one scalar per regularised kernel."""

    def loss(kernel: Any) -> Callable[[], Any]:
        return lambda: WEIGHT_DECAY * tf.nn.l2_loss(kernel)

    return [loss(variables[name]) for name, v in architecture.variables.items() if v.regularized]
