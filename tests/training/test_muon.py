"""The Muon optimiser: its orthogonalisation. Its steps are held to the formulas in another file.

See test_loop_against_reference.py.
"""

import pytest
import torch

from inception_hub.training import muon
from inception_hub.training.muon import Muon, orthogonalise


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32], ids=str)
@pytest.mark.parametrize("shape", [(64, 16), (16, 64), (32, 32)])
def test_orthogonalised_matrices_have_singular_values_near_one(
    shape: tuple[int, int], dtype: torch.dtype
) -> None:
    torch.manual_seed(0)
    values = torch.linalg.svdvals(orthogonalise(torch.randn(1, *shape).to(dtype)).float())
    assert 0.4 < float(values.min()) and float(values.max()) < 1.4


def test_kernels_of_one_shape_are_orthogonalised_as_each_alone() -> None:
    torch.manual_seed(0)
    matrices = torch.randn(3, 24, 8)
    together = orthogonalise(matrices)
    for matrix, orthogonal in zip(matrices, together, strict=True):
        assert torch.equal(orthogonalise(matrix[None])[0], orthogonal)


@pytest.mark.parametrize("there", [True, False])
def test_products_are_in_bfloat16_where_there_are_instructions_for_it(
    monkeypatch: pytest.MonkeyPatch, there: bool
) -> None:
    monkeypatch.setattr(muon, "has_bfloat16", lambda device: there)
    found: list[torch.dtype] = []
    monkeypatch.setattr(muon, "orthogonalise", lambda matrices: found.append(matrices.dtype) or matrices)
    kernel = torch.zeros(8, 4, requires_grad=True)
    kernel.grad = torch.ones_like(kernel)
    Muon([kernel], torch.tensor(0.1)).step()
    assert found == [torch.bfloat16 if there else torch.float32]


def test_the_size_of_a_step_does_not_depend_on_the_gradient() -> None:
    """0.2 * sqrt(longer side) of the orthogonalised matrix, times the learning rate."""
    sizes = []
    for scale in (1.0, 1000.0):
        kernel = torch.zeros(3, 3, 4, 8, requires_grad=True)
        kernel.grad = scale * torch.randn(kernel.shape, generator=torch.Generator().manual_seed(0))
        Muon([kernel], torch.tensor(0.1)).step()
        sizes.append(float(torch.linalg.svdvals(kernel.detach().reshape(36, 8)).mean()))
    assert sizes[1] == pytest.approx(sizes[0], rel=1e-2)
    assert sizes[0] == pytest.approx(0.1 * 0.2 * 36**0.5, rel=0.2)
