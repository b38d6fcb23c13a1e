"""RMSProp in TensorFlow's arithmetic, which TF-Slim trained by.

Against PyTorch's: the running square begins at one, epsilon stands under the root, and the rate is part of
the momentum. With Slim's epsilon of 1.0 the first two make all the difference.
"""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor


class RMSProp(torch.optim.Optimizer):
    """`tf.train.RMSPropOptimizer(lr, decay, momentum, epsilon)`, not centred."""

    def __init__(
        self,
        params: Iterable[Tensor] | Iterable[dict[str, Any]],
        lr: float,
        decay: float,
        momentum: float,
        epsilon: float,
    ) -> None:
        super().__init__(params, dict(lr=lr, decay=decay, momentum=momentum, epsilon=epsilon))

    @torch.no_grad()
    def step(self) -> None:  # type: ignore[override]
        """One update of every parameter from its gradient."""
        for group in self.param_groups:
            for parameter in group["params"]:
                state = self.state[parameter]
                if not state:
                    state["square"], state["momentum"] = (
                        torch.ones_like(parameter),
                        torch.zeros_like(parameter),
                    )
                gradient = parameter.grad
                state["square"].lerp_(gradient.square(), 1 - group["decay"])
                change = gradient * (state["square"] + group["epsilon"]).rsqrt()
                parameter.sub_(state["momentum"].mul_(group["momentum"]).add_(change, alpha=group["lr"]))
