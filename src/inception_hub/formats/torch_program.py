"""`torch`: a `torch.export` program, a .pt2 archive, which runs without a line of ours.

Its state dict holds Slim's names and shapes.
"""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.export import Dim
from torch.fx.experimental import _config

from .. import architecture
from ..bundle import Bundle
from ..engines.torch import Network
from .comparison import Answers, Check
from .named_outputs import FEATURES, LOGITS, compare_answers, metadata
from .options import Options

EXAMPLE = (2, 65, 96)  # batch, height and width: nothing in the program depends on them


class Program(nn.Module):
    """The network, answering with logits and feature vectors only."""

    def __init__(self, bundle: Bundle) -> None:
        super().__init__()
        self.network = Network(bundle.architecture, bundle.weights)

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """Images [batch, height, width, 3] in [0, 1]."""
        endpoints = self.network(images)
        found = {FEATURES: endpoints[architecture.GLOBAL_POOL][:, 0, 0]}
        return found | ({LOGITS: endpoints[architecture.LOGITS]} if architecture.LOGITS in endpoints else {})


def write(bundle: Bundle, path: Path, options: Options) -> None:
    """The archive, with what a module says of itself among its extra files."""
    batch, height, width = EXAMPLE
    example = torch.zeros(options.batch or batch, *(options.size or (height, width)), 3)
    free = {} if options.batch else {0: Dim.DYNAMIC}
    if not options.size:
        free |= {1: Dim.DYNAMIC, 2: Dim.DYNAMIC}
    # Else PyTorch takes maps of one row for another network than maps of two, and small images are refused.
    with _config.patch(backed_size_oblivious=True):  # pyright: ignore[reportAttributeAccessIssue]
        program = torch.export.export(Program(bundle).eval(), (example,), dynamic_shapes=(free,))
    torch.export.save(program, path, extra_files=metadata(bundle))


def check(bundle: Bundle, path: Path, options: Options) -> Check:
    """Loads the file and runs it."""
    program = torch.export.load(path).module()

    def answer(images: Any) -> Answers:
        with torch.inference_mode():
            return {name: value.numpy() for name, value in program(torch.from_numpy(images)).items()}

    return compare_answers(bundle, answer, f"torch {torch.__version__}", options)
