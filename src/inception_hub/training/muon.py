"""The Muon optimiser on convolution kernels: momentum, orthogonalised.

Keller Jordan et al., https://kellerjordan.github.io/posts/muon; the update's size follows Moonshot's
https://arxiv.org/abs/2502.16982 (0.2 * sqrt(longer side)), so that AdamW's learning rates carry over.
"""

import math
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

NEWTON_SCHULZ = (
    3.4445,
    -4.7750,
    2.0315,
)  # the post's quintic, tuned for speed: singular values near 1 in 5 steps


class Muon(torch.optim.Optimizer):
    """Kernels of any rank, the last axis being the output channels (HWIO), are seen as matrices."""

    def __init__(
        self,
        params: Iterable[Tensor] | Iterable[dict[str, Any]],
        lr: float,
        weight_decay: float,
        momentum: float = 0.95,
    ) -> None:
        super().__init__(params, dict(lr=lr, weight_decay=weight_decay, momentum=momentum))

    @torch.no_grad()
    def step(self) -> None:  # type: ignore[override]
        """One update of every parameter from its gradient."""
        for group in self.param_groups:
            for parameter in group["params"]:
                state = self.state[parameter]
                if not state:
                    state["momentum"] = torch.zeros_like(parameter)
                average = state["momentum"].lerp_(parameter.grad, 1 - group["momentum"])
                nesterov = parameter.grad.lerp(average, group["momentum"])
                matrix = nesterov.reshape(-1, parameter.shape[-1])
                scale = 0.2 * math.sqrt(max(matrix.shape))
                parameter.mul_(1 - group["lr"] * group["weight_decay"])
                parameter.add_(orthogonalise(matrix).reshape(parameter.shape), alpha=-group["lr"] * scale)


def orthogonalise(matrix: Tensor) -> Tensor:
    """The nearest (semi-)orthogonal matrix, roughly, by Newton-Schulz in bfloat16; float32 out."""
    a, b, c = NEWTON_SCHULZ
    tall = matrix.shape[0] > matrix.shape[1]
    x = (matrix.T if tall else matrix).bfloat16().contiguous()
    x = x / (x.norm() + 1e-7)
    for _ in range(5):  # addmm on contiguous operands: three times as fast as the plain expression on CPUs
        gram = x @ x.T
        x = torch.addmm(x, torch.addmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return (x.T if tall else x).float()
