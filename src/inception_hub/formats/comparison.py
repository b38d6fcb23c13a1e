"""Whether an export computes what its module does: one list of cases for every format."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..bundle import Bundle
from ..engines import EngineOptions, load_engine
from ..errors import ExportError
from .options import Options

TOLERANCE = 1e-4  # relative: norm of the difference over norm of the reference
# Batch, height and width. Odd and even sizes pad differently; 32 x 32 ends in feature maps of one value.
SHAPES = ((1, 224, 224), (2, 131, 197), (3, 96, 128), (5, 33, 50), (1, 32, 32), (2, 7, 40))

Images = NDArray[np.float32]
Outputs = Mapping[str, NDArray[np.generic]]


@dataclass(frozen=True)
class Check:
    """What loaded an export, with its version, and the largest relative error of its outputs.

    `left_out`: a sentence about what the format does not carry and this module would need, or None.
    """

    loader: str
    error: float
    left_out: str | None = None


def cases(options: Options) -> Iterator[Images]:
    """Images float32 [batch, height, width, 3] in [0, 1] of every shape that `options` leave open."""
    shapes = {
        (options.batch or batch, *(options.size or (height, width))): None for batch, height, width in SHAPES
    }
    for number, shape in enumerate(shapes):
        yield np.random.default_rng(number).random((*shape, 3), np.float32)


def reference(bundle: Bundle) -> Callable[[Images], Outputs]:
    """A function that computes every endpoint by name, on OpenVINO in float32."""
    engine = load_engine("openvino")(bundle.architecture, bundle.weights, None, EngineOptions())
    return lambda images: engine.endpoints(images, bundle.architecture.endpoint_names)


def relative_error(computed: NDArray[np.generic], expected: NDArray[np.generic]) -> float:
    """Norm of the difference over norm of `expected`; infinite for another shape or what is not finite."""
    if computed.shape != expected.shape or not np.isfinite(computed).all():
        return np.inf
    wanted = expected.astype(np.float64)
    difference = float(np.linalg.norm(computed.astype(np.float64) - wanted))
    return difference / max(float(np.linalg.norm(wanted)), float(np.finfo(np.float32).tiny))


def compare(bundle: Bundle, compute: Callable[[Images], Outputs], loader: str, options: Options) -> Check:
    """Compares every endpoint that `compute` gives for the cases with the reference; see `judge`."""
    expect = reference(bundle)

    def errors() -> Iterator[float]:
        for images in cases(options):
            expected = expect(images)
            for name, output in compute(images).items():
                yield relative_error(np.asarray(output), expected[name])

    return judge(loader, errors())


def judge(loader: str, errors: Iterable[float], tolerance: float = TOLERANCE) -> Check:
    """The largest of `errors` beside what loaded the export; `ExportError` if it is above `tolerance`."""
    check = Check(loader, max(errors))
    if not check.error <= tolerance:
        raise ExportError(
            f"The export answers otherwise than the module, relative error {check.error:.1e} in {loader} "
            f"where {tolerance:g} is allowed, and is not kept; try another version of {loader.split()[0]}."
        )
    return check
