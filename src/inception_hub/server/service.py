"""The module as the interfaces see it: photos or images in, outputs out, within the limits."""

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import inputs
from ..architecture import FEATURE_MAP, GLOBAL_POOL, LOGITS
from ..calibration import Calibration, PredictionSets, chance
from ..errors import AnswerError, ArgumentError, InputError, TooLargeError
from ..images.heatmaps import map_size
from ..images.loading import decode_and_resize, decode_and_resize_again
from ..images.presets import visible_fractions
from ..inference.prediction_set import calibration_of
from ..inference.predictions import check_finite
from ..module import Module
from .batching import Batcher, Compute, Images
from .json_body import Bounds, read_object
from .limits import Limits
from .metrics import Metrics
from .request_threads import RequestThreads

MODEL_VERSION = "1"  # the only one
CLASSIFICATION, FEATURES = "image_classification", "image_feature_vector"  # signatures
EXPLANATION = "explanation"  # logits, the feature map at the size of heatmaps, the visible parts of the photo
SETS = "sets"  # logits, features, and the photo's random numbers, of a calibrated module


class Service:
    """One module behind all interfaces; it is `ready` once `warm_up` has run.

    `name`: the module's, as it stands in URLs. `failure`: why it cannot become ready, or None.
    """

    def __init__(self, module: Module, limits: Limits) -> None:
        self.module = module
        self.limits = limits
        self.metrics = Metrics()
        self.ready = False
        self.failure: Exception | None = None
        self.name = re.sub(r"[^A-Za-z0-9_.-]+", "_", module.spec.bundle.name)
        self.has_classes = bool(module.architecture.num_classes)
        self._computations: dict[str, Compute] = {FEATURES: self._features}
        if self.has_classes:
            self._computations[CLASSIFICATION] = self._logits
            self._computations[EXPLANATION] = self._explanations
        if module.spec.bundle.calibration is not None:
            self._computations[SETS] = self._for_sets
        self.batcher = Batcher(
            self._computations,
            limits.queue,
            module.cores,
            limits.deadline,
            self.metrics,
            module.images_at_once,
        )
        self.threads = RequestThreads()

    @property
    def model_paths(self) -> tuple[str, str]:
        """Where both inference protocols have the model: without and with its version."""
        return f"/models/{self.name}", f"/models/{self.name}/versions/{MODEL_VERSION}"

    def warm_up(self) -> None:
        """Compiles all that the interfaces compute."""
        for kind, compute in self._computations.items():
            images = [np.zeros((1, *size, 3), np.float32) for size in self._sizes(kind)]
            compute(*images, *([np.ones((1, 2), np.float32)] if kind == EXPLANATION else []))
        self.ready = True

    def close(self) -> None:
        """Ends the threads once all photos inside are done."""
        self.threads.close()
        self.batcher.close()

    def read_json(self, body: bytes) -> dict[str, Any]:
        """The JSON object of a request, within the limits; raises `RequestError`, `TooLargeError`."""
        limits = self.limits
        strings = 4 * limits.images + 64  # a photo comes with two names and its bytes
        return read_object(body, Bounds(limits.json_bytes, limits.json_depth, limits.json_values, strings))

    def check_count(self, images: int) -> None:
        """Raises `InputError` for no image and `TooLargeError` for more than a request may hold."""
        if not images:
            raise InputError("The request holds no image; give at least one.")
        if images > self.limits.images:
            raise TooLargeError(
                f"The request holds {images} images and at most {self.limits.images} are accepted; "
                "send them in several requests."
            )

    def check_images(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        """`images` if they are [n, height, width, 3] of the module's size, in [0, 1]; raises `InputError`."""
        height, width = self.module.image_size
        array = inputs.numpy_images(images)
        if array.shape[1:3] != (height, width):
            raise InputError(
                f"'images' has shape {list(array.shape)}; this server takes [n, {height}, {width}, 3], "
                "and photos of any size as files."
            )
        return array

    def sets(self, coverage: float) -> PredictionSets:
        """The sets for `coverage`; raises `ArgumentError` where the module is not calibrated for it."""
        return PredictionSets(self._calibration, coverage)

    @cached_property
    def _calibration(self) -> Calibration:
        return calibration_of(self.module)

    async def outputs(self, kind: str, images: list[bytes] | NDArray[np.float32]) -> NDArray[np.float32]:
        """The outputs of `kind`, [n, ...], for photos' files or for images that `check_images` gave.

        Raises the first error of any of them.
        """
        if isinstance(images, list):
            outputs = await self.photo_outputs(kind, images)
        else:
            outputs = await self._compute(kind, [partial(_unchanged, (image,)) for image in images])
        for output in outputs:
            if isinstance(output, BaseException):
                raise output
        return np.stack(outputs)

    async def photo_outputs(self, kind: str, files: Sequence[bytes]) -> list[Any]:
        """The output of `kind` for each of `files`, or its `ImageError` or `AnswerError`."""
        return await self._compute(kind, [partial(self._load, file, kind) for file in files])

    def _load(self, file: bytes, kind: str) -> Images:
        size, *larger = self._sizes(kind)
        preset, pixels = self.module.resize, self.limits.pixels
        photo, image = decode_and_resize(file, size, preset, max_pixels=pixels)
        again = partial(decode_and_resize_again, photo, file, resize=preset, max_pixels=pixels)
        images = (image, *map(again, larger))
        if kind != EXPLANATION:
            return images
        visible = visible_fractions(preset, (photo.height, photo.width), size)
        return *images, np.array(visible, np.float32)

    def _sizes(self, kind: str) -> tuple[tuple[int, int], ...]:
        """The sizes of a photo that `kind` is computed from: the module's, and another of heatmaps."""
        size = self.module.image_size
        finer = map_size(size)
        return (size, finer) if kind == EXPLANATION and finer != size else (size,)

    async def _compute(self, kind: str, prepare: Sequence[Callable[[], Images]]) -> list[Any]:
        """The output of `kind`, or the error, for each photo that `prepare` makes."""
        if kind not in self._computations:
            raise ArgumentError(f"{self.name} has no classes, only feature vectors; ask for those.")
        self.check_count(len(prepare))
        futures = self.batcher.submit(kind, prepare)
        outputs = await asyncio.gather(*map(asyncio.wrap_future, futures), return_exceptions=True)
        return [self._check_finite(output) for output in outputs]

    def _check_finite(self, output: Any) -> Any:
        """`output`, or the `AnswerError` in its place where it holds numbers that are not finite."""
        try:
            if not isinstance(output, BaseException):
                numbers = output[0] if isinstance(output, tuple) else output
                check_finite(numbers, self.module.spec.bundle.name, self.module.precision)
        except AnswerError as error:
            return error
        return output

    def _features(self, images: NDArray[np.float32]) -> Sequence[Any]:
        return list(self._endpoints(images, GLOBAL_POOL)[GLOBAL_POOL][:, 0, 0])

    def _logits(self, images: NDArray[np.float32]) -> Sequence[Any]:
        return list(self._endpoints(images, LOGITS)[LOGITS])

    def _explanations(self, images: NDArray[np.float32], *others: NDArray[np.float32]) -> Sequence[Any]:
        """`others`: the enlarged images, where the size of heatmaps is another, and the visible parts."""
        *enlarged, visible = others
        if enlarged:
            outputs = {**self._endpoints(images, LOGITS), **self._endpoints(enlarged[0], FEATURE_MAP)}
        else:
            outputs = self._endpoints(images, LOGITS, FEATURE_MAP)
        return list(zip(outputs[LOGITS], outputs[FEATURE_MAP], visible, strict=True))

    def _for_sets(self, images: NDArray[np.float32]) -> Sequence[Any]:
        outputs = self._endpoints(images, LOGITS, GLOBAL_POOL)
        numbers = (np.array(chance(image)) for image in images)
        return list(zip(outputs[LOGITS], outputs[GLOBAL_POOL][:, 0, 0], numbers, strict=True))

    def _endpoints(self, images: NDArray[np.float32], *names: str) -> Mapping[str, NDArray[np.float32]]:
        return self.module.endpoints(images, names, share_cores=True)  # several batches are under way at once


def _unchanged(images: Images) -> Images:
    return images
