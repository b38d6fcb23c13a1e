"""What can be shown of recording without a GPU: warming up leaves no trace. The rest is in tests/gpu."""

import pytest
import torch

from inception_hub.training.recording import _restored


@pytest.mark.parametrize("fails", [False, True])
def test_what_warming_up_changes_is_restored(fails: bool) -> None:
    weight = torch.nn.Parameter(torch.ones(3))
    statistic, steps = torch.zeros(2, dtype=torch.float64), torch.tensor(5.0)
    try:
        with _restored([weight, statistic, steps]), torch.no_grad():
            weight.mul_(2)
            statistic.fill_(torch.nan)
            steps.add_(3)
            if fails:
                raise torch.OutOfMemoryError
    except torch.OutOfMemoryError:
        assert fails
    assert weight.tolist() == [1, 1, 1] and statistic.tolist() == [0, 0] and float(steps) == 5
