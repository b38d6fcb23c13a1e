"""The Muon optimiser on convolution kernels: momentum, orthogonalised.

Keller Jordan et al., https://kellerjordan.github.io/posts/muon; the update's size follows Moonshot's
https://arxiv.org/abs/2502.16982 (0.2 * sqrt(longer side)), so that AdamW's learning rates carry over.
"""

import math
from collections import defaultdict
from collections.abc import Sequence

import torch
from torch import Tensor

from ..engines.arithmetic import has_bfloat16
from . import foreach

# The post's quintic, tuned for speed: singular values near 1 in 5 steps.
NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
MOMENTUM = 0.95


class Muon(torch.optim.Optimizer):
    """Muon; a kernel of any rank, its last axis the output channels (HWIO), is taken as a matrix.

    Kernels of one shape are orthogonalised together, as a GPU is slow at many small matrix products. `lr` is
    a tensor, which a recorded CUDA graph reads anew in each replay. Weight decay is the caller's.

    Products are in bfloat16 where the device has instructions for it: a CPU without them takes thirty times
    as long as in float32.
    """

    def __init__(self, params: Sequence[Tensor], lr: Tensor, momentum: float = MOMENTUM) -> None:
        super().__init__(params, dict(lr=lr, momentum=momentum))
        for parameter in params:
            self.state[parameter]["momentum"] = torch.zeros_like(parameter)
        self._dtype = torch.bfloat16 if has_bfloat16(params[0].device) else torch.float32

    @torch.no_grad()
    def step(self) -> None:  # type: ignore[override]
        """One update of every parameter from its gradient."""
        for group in self.param_groups:
            parameters: list[Tensor] = group["params"]
            gradients = [p.grad for p in parameters if p.grad is not None]
            averages: list[Tensor] = [self.state[p]["momentum"] for p in parameters]
            foreach.lerp_(averages, gradients, 1 - group["momentum"])
            nesterov = foreach.lerp(gradients, averages, group["momentum"])
            by_shape: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
            for index, parameter in enumerate(parameters):
                by_shape[parameter.numel() // parameter.shape[-1], parameter.shape[-1]].append(index)
            for shape, indices in by_shape.items():
                matrices = torch.stack([nesterov[index].reshape(shape) for index in indices])
                scale = 0.2 * math.sqrt(max(shape))
                orthogonal = orthogonalise(matrices.to(self._dtype)).to(parameters[0].dtype)
                updates = orthogonal * (group["lr"] * -scale)
                together = [parameters[index] for index in indices]
                kernels = [update.reshape(p.shape) for update, p in zip(updates, together, strict=True)]
                foreach.add_(together, kernels)


def orthogonalise(matrices: Tensor) -> Tensor:
    """The nearest (semi-)orthogonal matrices, roughly, by Newton-Schulz in its dtype: [n, rows, columns]."""
    a, b, c = NEWTON_SCHULZ
    tall = matrices.shape[1] > matrices.shape[2]
    x = (matrices.mT if tall else matrices).contiguous()
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(5):  # contiguous operands: three times as fast as the plain expression on CPUs
        gram = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.mT if tall else x
