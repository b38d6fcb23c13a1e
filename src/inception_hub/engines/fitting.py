"""Batches that do not fit into a device's memory, computed in parts that do."""

import warnings
from collections.abc import Callable

import torch
from torch import Tensor

from ..errors import DeviceMemoryError

Endpoints = dict[str, Tensor]


class Fitting:
    """Remembers how many images fit. `forget` gives back what memory is kept for speed only."""

    def __init__(self, forget: Callable[[], None]) -> None:
        self._forget = forget
        self._fits: int | None = None  # None until a batch did not fit

    def __call__(self, compute: Callable[[Tensor], Endpoints], images: Tensor) -> Endpoints:
        """What `compute` gives for `images`; where memory runs out in parts, half as many until they fit.

        Warns once, naming the number that fits. Raises `DeviceMemoryError` where one image does not.
        """
        size = min(len(images), self._fits or len(images))
        shrunk = False
        while True:
            try:
                parts = [compute(part) for part in images.split(size)]
                break
            except torch.OutOfMemoryError as error:
                if size == 1:
                    height, width = images.shape[1:3]
                    raise DeviceMemoryError(
                        f"One image of {height} x {width} pixels does not fit into the memory of the device; "
                        "give smaller images, end what else uses it, or leave the device out for the CPU."
                    ) from error
            self._forget()  # outside `except`, which keeps what was computed alive
            size, shrunk = (size + 1) // 2, True
        if shrunk:
            if self._fits is None:
                message = f"{len(images)} images do not fit into the device's memory; continuing with {size}."
                warnings.warn(message, RuntimeWarning, stacklevel=3)
            self._fits = size
        return parts[0] if len(parts) == 1 else {n: torch.cat([p[n] for p in parts]) for n in parts[0]}
