"""Tests that need a GPU: `make gpu`. They run without OpenVINO and what else an image for PyTorch lacks."""

import gc
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
import torch


@pytest.fixture
def device() -> str:
    """Where these tests compute: on the GPU, or on what `INCEPTION_HUB_TEST_DEVICE` names.

    On `cpu` they show that they still go with the code, where no GPU is.
    """
    name = os.environ.get("INCEPTION_HUB_TEST_DEVICE", "cuda")
    if name == "cuda" and not torch.cuda.is_available():
        pytest.skip("PyTorch finds no GPU here")
    torch.backends.cudnn.benchmark_limit = 1  # trying kernels for speed would take most of the tests' time
    return name


@pytest.fixture
def room_for(device: str) -> Callable[[int], AbstractContextManager[None]]:
    """A context that leaves so many MiB of the GPU's memory beside what is in use."""
    if device != "cuda":
        pytest.skip("this is about a GPU's memory")

    @contextmanager
    def limited(mebibytes: int) -> Iterator[None]:
        gc.collect()
        torch.cuda.empty_cache()
        total = torch.cuda.get_device_properties(0).total_memory
        in_use = torch.cuda.memory_reserved()
        torch.cuda.set_per_process_memory_fraction((in_use + (mebibytes << 20)) / total)
        try:
            yield
        finally:
            torch.cuda.set_per_process_memory_fraction(1.0)

    return limited


@pytest.fixture
def tf32_allowed(device: str) -> Iterator[None]:
    """The caller's flags allow TF32, and still do so in the end."""
    owners = (torch.backends.cudnn, torch.backends.cuda.matmul)
    before = [owner.allow_tf32 for owner in owners]
    for owner in owners:
        owner.allow_tf32 = True
    try:
        yield
        assert [owner.allow_tf32 for owner in owners] == [True, True]
    finally:
        for owner, value in zip(owners, before, strict=True):
            owner.allow_tf32 = value
