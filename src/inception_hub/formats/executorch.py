"""`executorch`: a .pte program for ExecuTorch, all of it computed by XNNPACK, for phones and small machines.

Beside `forward` it has a method for each text of the metadata, and `outputs`, the names of what `forward`
gives, in order; all are JSON. It cannot be read back: batch norm is folded.
"""
# pyright: reportMissingImports=false

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ..bundle import Bundle
from .comparison import Check, Outputs
from .converting import converting
from .exported import metadata
from .named_outputs import compare_outputs
from .options import Options

NAME = "executorch"


def write(bundle: Bundle, path: Path, options: Options) -> None:
    """The program, for images of one size and number: by default one of the module's size."""
    import torch
    from torch.export import export

    with converting(NAME):
        from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
        from executorch.exir import to_edge_transform_and_lower

        from .torch_layers import Layers
        from .torch_network import Program

        network = Program(bundle.architecture, Layers(bundle.architecture, bundle.weights))
        program = export(network, (torch.zeros(options.fixed(bundle).shape),))
        texts = {**metadata(bundle), "outputs": json.dumps(list(network(torch.zeros(1, 32, 32, 3))))}
        lowered = to_edge_transform_and_lower(
            program, partitioner=[XnnpackPartitioner()], constant_methods=texts
        )
        content = lowered.to_executorch().buffer
    path.write_bytes(content)


def check(bundle: Bundle, path: Path, options: Options) -> Check:
    """Runs it in ExecuTorch's runtime."""
    import torch

    with converting(NAME):
        from executorch.runtime import Runtime

        program = Runtime.get().load_program(path)  # of bytes it keeps none
        (names,) = program.load_method("outputs").execute([])
        forward = program.load_method("forward")

    def compute(images: Any) -> Outputs:
        outputs = forward.execute([torch.from_numpy(images)])
        return {name: value.numpy() for name, value in zip(json.loads(names), outputs, strict=True)}

    return compare_outputs(bundle, compute, f"executorch {version(NAME)}", options.fixed(bundle))
