"""RMSProp in TensorFlow's arithmetic, as TF-Slim trained with it.

Against PyTorch's: the running square begins at one, epsilon stands under the root, and the rate is part of
the momentum. With Slim's epsilon of 1.0 the first two make all the difference.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from . import foreach


class RMSProp(torch.optim.Optimizer):
    """`tf.train.RMSPropOptimizer(lr, decay, momentum, epsilon)`, not centred; `lr` is a tensor."""

    def __init__(
        self, params: Sequence[Tensor], lr: Tensor, decay: float, momentum: float, epsilon: float
    ) -> None:
        super().__init__(params, dict(lr=lr, decay=decay, momentum=momentum, epsilon=epsilon))
        for parameter in params:
            self.state[parameter]["square"] = torch.ones_like(parameter)
            self.state[parameter]["momentum"] = torch.zeros_like(parameter)

    @torch.no_grad()
    def step(self) -> None:  # type: ignore[override]
        """One update of every parameter from its gradient."""
        for group in self.param_groups:
            parameters: list[Tensor] = group["params"]
            gradients = [p.grad for p in parameters if p.grad is not None]
            squares: list[Tensor] = [self.state[p]["square"] for p in parameters]
            momenta: list[Tensor] = [self.state[p]["momentum"] for p in parameters]
            foreach.lerp_(squares, foreach.mul(gradients, gradients), 1 - group["decay"])
            roots = foreach.add(squares, group["epsilon"])
            changes = foreach.div(gradients, foreach.sqrt(roots))
            foreach.mul_(changes, group["lr"])
            foreach.mul_(momenta, group["momentum"])
            foreach.add_(momenta, changes)
            foreach.sub_(parameters, momenta)
