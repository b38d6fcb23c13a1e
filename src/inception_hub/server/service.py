"""The module as the endpoints see it: photos in, answers out, within the limits."""

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import inputs
from ..architecture import FEATURE_MAP, GLOBAL_POOL, LOGITS
from ..errors import AnswerError, ArgumentError, InputError, NotReadyError, TooLargeError
from ..images.loading import load_image
from ..inference.predictions import check_finite
from ..module import Module
from .batching import Batcher, Compute, Image
from .limits import Limits
from .metrics import Metrics

CLASSIFICATION, FEATURES = "image_classification", "image_feature_vector"
EXPLANATION = "explanation"  # logits, and the map they are the mean of


class Service:
    """One module, ready once `warm_up` has run."""

    def __init__(self, module: Module, limits: Limits) -> None:
        self.module = module
        self.limits = limits
        self.metrics = Metrics()
        self.ready = False
        self.failure: Exception | None = None  # why it will never be
        self.name = re.sub(r"[^A-Za-z0-9_.-]+", "_", module.spec.bundle.name)  # as it stands in URLs
        self.has_classes = bool(module.architecture.num_classes)
        self.kinds: dict[str, Compute] = {FEATURES: self._features}
        if self.has_classes:
            self.kinds[CLASSIFICATION] = self._logits
            self.kinds[EXPLANATION] = self._explanations
        self.batcher = Batcher(self.kinds, limits.queue, module.cores, self.metrics)

    def _features(self, images: NDArray[np.float32]) -> Sequence[Any]:
        return list(self._endpoints(images, GLOBAL_POOL)[GLOBAL_POOL][:, 0, 0])

    def _logits(self, images: NDArray[np.float32]) -> Sequence[Any]:
        return list(self._endpoints(images, LOGITS)[LOGITS])

    def _explanations(self, images: NDArray[np.float32]) -> Sequence[Any]:
        outputs = self._endpoints(images, LOGITS, FEATURE_MAP)
        return list(zip(outputs[LOGITS], outputs[FEATURE_MAP], strict=True))

    def _endpoints(self, images: NDArray[np.float32], *names: str) -> Mapping[str, NDArray[np.float32]]:
        return self.module.endpoints(images, names, share_cores=True)  # several batches are under way at once

    def warm_up(self) -> None:
        """Compiles what the endpoints compute."""
        images = np.zeros((1, *self.module.image_size, 3), np.float32)
        for compute in self.kinds.values():
            compute(images)
        self.ready = True

    async def tensor(self, kind: str, images: list[bytes] | NDArray[np.float32]) -> NDArray[np.float32]:
        """The answers for files, or images in one array, as [n, ...]; raises what is wrong with any."""
        found = await (self.photos(kind, images) if isinstance(images, list) else self.images(kind, images))
        for answer in found:
            if isinstance(answer, BaseException):
                raise answer
        return np.stack(found)

    async def photos(self, kind: str, files: Sequence[bytes]) -> list[Any]:
        """An answer for each of `files`, or its `ImageError` or `AnswerError`."""
        bundle = self.module.spec.bundle
        return await self._answers(
            kind,
            [
                partial(load_image, file, bundle.image_size, bundle.resize, max_pixels=self.limits.pixels)
                for file in files
            ],
        )

    async def images(self, kind: str, images: Any) -> list[Any]:
        """An answer for each of `images`, float32 [n, height, width, 3] of the module's size in [0, 1]."""
        height, width = self.module.image_size
        array = inputs.numpy_images(images)
        if array.shape[1:3] != (height, width):
            raise InputError(
                f"'images' has shape {list(array.shape)}; this server takes [n, {height}, {width}, 3], "
                "and photos of any size as files."
            )
        return await self._answers(kind, [partial(_as_it_is, image) for image in array])

    @property
    def containers(self) -> int:
        """Lists and objects of JSON that the largest request may need: a list a pixel."""
        height, width = self.module.image_size
        return self.limits.images * (height * (width + 1) + 4) + 16

    async def _answers(self, kind: str, prepare: Sequence[Callable[[], Image]]) -> list[Any]:
        if kind not in self.kinds:
            raise ArgumentError(f"{self.name} has no classes, only feature vectors; ask for those.")
        if not prepare:
            raise InputError("The request holds no image; give at least one.")
        if len(prepare) > self.limits.images:
            raise TooLargeError(
                f"The request holds {len(prepare)} images and at most {self.limits.images} are accepted; "
                "send them in several requests."
            )
        futures = self.batcher.submit(kind, prepare)
        try:
            async with asyncio.timeout(self.limits.deadline):
                found = await asyncio.gather(*map(asyncio.wrap_future, futures), return_exceptions=True)
        except TimeoutError as error:
            raise NotReadyError(
                f"The answer was not ready within {self.limits.deadline:g} s; try again in a second."
            ) from error
        return [self._finite(answer) for answer in found]

    def _finite(self, answer: Any) -> Any:
        try:
            if not isinstance(answer, BaseException):
                output = answer[0] if isinstance(answer, tuple) else answer
                check_finite(output, self.module.spec.bundle.name, self.module.precision)
        except AnswerError as error:
            return error
        return answer


def _as_it_is(image: NDArray[np.float32]) -> NDArray[np.float32]:
    return image
