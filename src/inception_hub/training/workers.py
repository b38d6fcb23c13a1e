"""The processes of a run, through Hugging Face accelerate: one, or as many as `torchrun` started."""

import os
import warnings
from collections.abc import Callable
from typing import Any

import torch
import torch.distributed
from torch import Tensor, nn

from ..errors import ArgumentError

CPU = torch.device("cpu")


class Workers:
    """This process and the others of the run. `device`: None or "cpu" is the CPU, "cuda" a GPU a process.

    Raises `ArgumentError` for another device, "cuda" without a GPU, and more processes than GPUs.
    """

    def __init__(self, device: str | None = None) -> None:
        if device not in (None, "cpu", "cuda"):
            raise ArgumentError(f"device is {device!r}; give 'cpu' or 'cuda'.")
        if device == "cuda" and not torch.cuda.is_available():
            raise ArgumentError("device is 'cuda', and PyTorch finds no GPU here; leave it out for the CPU.")
        processes = int(os.environ.get("LOCAL_WORLD_SIZE", 1))  # on this machine, as torchrun says
        if device == "cuda" and processes > torch.cuda.device_count():
            raise ArgumentError(
                f"device is 'cuda' for {processes} processes, each of which takes a GPU, and PyTorch finds "
                f"{torch.cuda.device_count()} here; start that many: torchrun --nproc-per-node="
                f"{torch.cuda.device_count()}."
            )
        self._accelerator: Any = None
        self.count, self.index = 1, 0
        if int(os.environ.get("WORLD_SIZE", 1)) == 1:
            self.device = torch.device("cuda", torch.cuda.current_device()) if device == "cuda" else CPU
            return
        # accelerate keeps a process to the device it was first used with, so only where it is needed.
        from accelerate import Accelerator
        from accelerate.utils import DistributedDataParallelKwargs

        # Statistics are reduced in the network's own layer, so there is nothing to broadcast.
        handlers: list[Any] = [DistributedDataParallelKwargs(broadcast_buffers=False)]
        self._accelerator = Accelerator(cpu=device != "cuda", kwargs_handlers=handlers, mixed_precision="no")
        self.count = self._accelerator.num_processes
        self.index = self._accelerator.process_index
        self.device = self._accelerator.device
        self._statistics = torch.distributed.new_group()

    @property
    def is_main(self) -> bool:
        """Whether this is the process that writes and reports."""
        return self.index == 0

    def wrap(self, network: nn.Module) -> nn.Module:
        """`network` on this process's device, its gradients averaged over processes."""
        if self._accelerator is None:
            return network.to(self.device)
        with warnings.catch_warnings():  # accelerate 1.15 names an option that PyTorch 2.13 renames
            warnings.simplefilter("ignore", FutureWarning)
            return self._accelerator.prepare_model(network)

    def share(self, batch: Tensor) -> Tensor:
        """This process's part of `batch`, whose length is a multiple of the processes'."""
        return batch.tensor_split(self.count)[self.index]

    @property
    def all_reduce(self) -> Callable[[Tensor], Tensor] | None:
        """A differentiable sum over processes; None where there is one."""
        if self.count == 1:
            return None
        return lambda tensor: _AllReduce.apply(tensor, self._statistics)

    def mean(self, value: Tensor) -> Tensor:
        """The mean over processes of a number that each has; `value` may be changed."""
        if self.count > 1:
            torch.distributed.all_reduce(value)
        return value / self.count

    def from_main(self, value: Any) -> Any:
        """The main process's `value`, in every process."""
        if self.count == 1:
            return value
        box = [value]
        torch.distributed.broadcast_object_list(box, src=0)
        return box[0]

    def wait(self) -> None:
        """Waits until every process has called this."""
        if self._accelerator is not None:
            self._accelerator.wait_for_everyone()

    def close(self) -> None:
        """Ends the connections between the processes."""
        if self._accelerator is not None:
            self._accelerator.end_training()


class _AllReduce(torch.autograd.Function):
    """The sum over processes; its gradient is the sum of their gradients."""

    @staticmethod
    def forward(ctx: Any, tensor: Tensor, group: Any) -> Tensor:
        ctx.group = group
        total = tensor.clone()
        torch.distributed.all_reduce(total, group=group)
        return total

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:  # type: ignore[override]
        total = gradient.contiguous().clone()
        torch.distributed.all_reduce(total, group=ctx.group)
        return total, None
