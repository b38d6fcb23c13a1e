"""The processes of a run: one alone, and devices that are refused. Two processes: test_loop_resumed.py."""

import pytest
import torch

from inception_hub.errors import ArgumentError
from inception_hub.training.workers import Workers


def test_one_process_does_everything(workers: Workers) -> None:
    batch = torch.arange(4)
    assert workers.is_main and (workers.count, workers.index) == (1, 0)
    assert workers.device == torch.device("cpu")
    assert torch.equal(workers.share(batch), batch)
    assert workers.all_reduce is None
    assert float(workers.mean(torch.tensor(3.0))) == 3
    assert workers.from_main("value") == "value"
    network = torch.nn.Linear(2, 2)
    assert workers.wrap(network) is network


def test_more_processes_than_gpus_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "2")
    with pytest.raises(ArgumentError, match="'cuda' for 2 processes.* finds 1 here; start that many"):
        Workers("cuda")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_device_that_is_not_there_is_refused() -> None:
    with pytest.raises(ArgumentError, match="finds no GPU here; leave it out for the CPU"):
        Workers("cuda")
    with pytest.raises(ArgumentError, match="give 'cpu' or 'cuda'"):
        Workers("tpu")
