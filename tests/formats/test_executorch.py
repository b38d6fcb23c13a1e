"""ExecuTorch programs: all of one is XNNPACK's, and its runtime computes what the module does."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from helpers.cases import images_from_seed
from helpers.exports import SIZE

import inception_hub as hub
from inception_hub import bundle
from inception_hub.errors import ArgumentError
from inception_hub.formats import export_bundle
from inception_hub.formats.comparison import relative_error
from inception_hub.formats.converting import converting
from inception_hub.formats.options import Options


def test_options_that_it_does_not_take(small_module: Path, tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="executorch does not take int8; its options: batch, size"):
        export_bundle(
            bundle.read(small_module), "executorch", tmp_path / "out.pte", options=Options(int8=True)
        )


@pytest.mark.exports
def test_the_runtime_computes_what_the_module_does(small_module: Path, tmp_path: Path) -> None:
    source, path = bundle.read(small_module).without_head(), tmp_path / "out.pte"
    check = export_bundle(source, "executorch", path)
    assert check.error < 1e-5 and check.loader == "executorch 1.5.1"
    program = _loaded(path)

    def text(method: str) -> Any:
        return json.loads(program.load_method(method).execute([])[0])

    assert text("labels") == list(source.labels) and text("image_size") == [64, 64]
    assert text("outputs") == ["feature_vector"]
    images = images_from_seed((1, 64, 64, 3), 3)
    (vectors,) = program.load_method("forward").execute([torch.from_numpy(images)])
    expected = hub.Module(small_module)(images, signature="image_feature_vector")
    assert relative_error(vectors.numpy(), expected) < 1e-5


@pytest.mark.exports
def test_a_torch_export_goes_to_xnnpack_as_a_whole(small_module: Path, tmp_path: Path) -> None:
    export_bundle(bundle.read(small_module), "torch", tmp_path / "out.pt2", options=SIZE)
    with converting("executorch"):
        from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
        from executorch.exir import to_edge_transform_and_lower

        program = torch.export.load(tmp_path / "out.pt2")
        lowered = to_edge_transform_and_lower(program, partitioner=[XnnpackPartitioner()])
    called = [name for name in _called(lowered.exported_program().graph) if "getitem" not in name]
    delegates = [name for name in called if "executorch_call_delegate" in name]
    assert len(delegates) == 1
    assert all("dim_order" in name for name in called if name not in delegates), called
    (tmp_path / "out.pte").write_bytes(lowered.to_executorch().buffer)
    runnable, images = _loaded(tmp_path / "out.pte"), images_from_seed((2, 33, 50, 3), 0)
    _, logits = runnable.load_method("forward").execute([torch.from_numpy(images)])
    assert relative_error(logits.numpy(), hub.Module(small_module)(images)) < 1e-5


def _called(graph: torch.fx.Graph) -> Iterator[str]:
    return (str(node.target) for node in graph.nodes if node.op == "call_function")


def _loaded(path: Path) -> Any:
    with converting("executorch"):
        from executorch.runtime import Runtime

        return Runtime.get().load_program(path)
