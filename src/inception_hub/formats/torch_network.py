"""The table as a PyTorch program that converters take apart: images in, named outputs out.

`engines/torch.py` has the network that trains and computes here. This one keeps to operators over constants:
converters join a batch norm with its convolution only where nothing is computed from the weights before.
`torch_layers` has the layers with weights.
"""

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from ..architecture import Architecture, Layer
from ..engines.pooling import pooled
from .named_outputs import EVIDENCE, FEATURES, LOGITS

if TYPE_CHECKING:
    from .torch_layers import Layers


class Program(nn.Module):
    """Outputs by name for `images` float32 [batch, height, width, 3] in [0, 1]: see `named_outputs`.

    Logits only where there are classes, and `evidence` only if asked for.
    """

    def __init__(self, architecture: Architecture, layers: "Layers", *, evidence: bool = False) -> None:
        super().__init__()
        self.architecture, self.layers, self.evidence = architecture, layers, evidence
        self.eval()

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """See above."""
        x = self.layers.images(images.permute(0, 3, 1, 2) * 2 - 1)
        for block in self.architecture.blocks:
            ends = [self._branch(branch, x) for branch in block.branches]
            x = ends[0] if len(ends) == 1 else self.layers.like(block.name, torch.cat(ends, 1))
        features = x.mean((2, 3), keepdim=True).flatten(1)
        outputs = {FEATURES: features}
        if self.architecture.logits_layer:
            outputs[LOGITS] = self.layers.logits(features)
            if self.evidence:
                outputs[EVIDENCE] = x.permute(0, 2, 3, 1) @ self.layers.head_kernel()
        return outputs

    def _branch(self, branch: tuple[Layer, ...], x: Tensor) -> Tensor:
        for layer in branch:
            if layer.op == "max_pool":
                x = self.layers.like(layer.name, pooled(layer, x))
            elif layer.op == "avg_pool":
                x = self.layers.ended(layer, pooled(layer, x))
            else:
                x = self.layers.ended(layer, self.layers.convolved(layer, x).relu())
        return x
