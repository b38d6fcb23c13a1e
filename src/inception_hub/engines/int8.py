"""The int8 network as data: arrays by name, checked strictly against the table.

Every layer with weights has `weights`, int8 (HWIO, batch norm folded, the separable stem composed), `scale`,
float32 [out], which makes floats of them again, and `biases`, float32 [out]. Every tensor that is rounded to
256 even steps has a `range`, float32 [2]: its lowest and its highest step. Engines put both into the table's
graph; the file describes no graph of its own.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..architecture import GLOBAL_POOL, Architecture, Shape
from ..errors import WeightsError
from ..weights import complaint, misfits

Int8 = Mapping[str, NDArray[Any]]
SCALED = "scaled_images"  # in [-1, 1]


def rounded(architecture: Architecture) -> Iterator[str]:
    """Names of what is rounded: the images, and every layer's output but a max pool's, whose input is."""
    yield SCALED
    for layer in architecture.layers:
        if layer.is_head:
            yield GLOBAL_POOL
        elif layer.op != "max_pool":
            yield layer.name


def check(architecture: Architecture, arrays: Int8) -> dict[str, NDArray[Any]]:
    """`arrays` in the table's order.

    Raises `WeightsError` listing at once what does not fit the table, is not finite, or is a range from high
    to low.
    """
    wanted = _expected(architecture)
    complaints = misfits(wanted, arrays)
    if not complaints:
        floats = {name: array for name, array in arrays.items() if array.dtype == np.float32}
        complaints += complaint(
            "not finite", (n for n, array in floats.items() if not np.isfinite(array).all())
        )
        complaints += complaint(
            "from high to low",
            (n for n, array in floats.items() if n.endswith("/range") and array[0] > array[1]),
        )
    if complaints:
        raise WeightsError(
            f"The int8 graph does not fit its network: {'; '.join(complaints)}; take another precision, or "
            "quantize the module anew."
        )
    return {name: arrays[name] for name in wanted}


def _expected(architecture: Architecture) -> dict[str, tuple[Shape, tuple[np.dtype[Any], ...]]]:
    """Shape and dtype of every array."""
    integers, floats = (np.dtype(np.int8),), (np.dtype(np.float32),)
    arrays: dict[str, tuple[Shape, tuple[np.dtype[Any], ...]]] = {}
    for layer in architecture.layers:
        if layer.variables:
            out = layer.out_channels
            arrays[f"{layer.name}/weights"] = (layer.kernel, layer.kernel, layer.in_channels, out), integers
            arrays[f"{layer.name}/scale"] = arrays[f"{layer.name}/biases"] = (out,), floats
    return arrays | {f"{name}/range": ((2,), floats) for name in rounded(architecture)}
