"""Weights: a dict of float32 arrays under Slim's names, checked strictly against the table.

Reads and writes safetensors, starts a network as Slim does, and folds batch norm into kernels for
inference. Knows arrays and names, never engines.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .architecture import (
    BATCH_NORM_EPSILON,
    LOGITS_LAYER,
    MIN_DEPTH,
    SCOPE,
    Architecture,
    Layer,
    Shape,
    Variable,
)
from .errors import FormatError, WeightsError
from .system.regular import open_regular

Weights = Mapping[str, NDArray[np.float32]]
Check = Callable[[Architecture, Mapping[str, NDArray[Any]]], dict[str, NDArray[Any]]]
MAX_HEADER_BYTES = 1 << 20  # this network's takes 40 kB


class LazyWeights(Mapping[str, NDArray[Any]]):
    """The arrays of a safetensors file, read and checked by `check` when first asked for.

    `sha256`: of the file, hexadecimal. `identity` names these bytes taken for this architecture, which they
    are checked against. Asking raises `FormatError` or `WeightsError`.
    """

    def __init__(
        self,
        path: Path,
        sha256: str,
        architecture: Architecture,
        check: Check,
    ) -> None:
        self.path, self.architecture, self._check = path, architecture, check
        self.identity = f"{sha256}-{architecture.depth_multiplier!r}-{architecture.num_classes}"

    @cached_property
    def arrays(self) -> dict[str, NDArray[Any]]:
        """All of them, by name."""
        return self._check(self.architecture, load(self.path))

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self.arrays[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.arrays)

    def __len__(self) -> int:
        return len(self.arrays)


def identity(arrays: Mapping[str, NDArray[Any]]) -> str:
    """What tells `arrays` from any others, without reading them where a file's hash is known."""
    if isinstance(arrays, LazyWeights):
        return arrays.identity
    digest = hashlib.sha256()
    for name, array in arrays.items():
        digest.update(name.encode() + array.tobytes())
    return digest.hexdigest()


def check(
    architecture: Architecture, weights: Mapping[str, NDArray[np.generic]]
) -> dict[str, NDArray[np.float32]]:
    """`weights` as float32 in the table's order; every value is the file's own, float16 merely widened.

    Raises `WeightsError` listing at once what is missing, unexpected, of another shape or dtype, not
    finite, or (moving variances) negative.
    """
    either = (np.dtype(np.float32), np.dtype(np.float16))
    complaints = misfits({name: (v.shape, either) for name, v in architecture.variables.items()}, weights)
    if not complaints:
        complaints += complaint(
            "not finite", (n for n, array in weights.items() if not np.isfinite(array).all())
        )
        complaints += complaint(
            "negative variance",
            (
                name
                for name, array in weights.items()
                if name.endswith("moving_variance") and np.any(np.signbit(array) & (array != 0))
            ),
        )
    if complaints:
        raise WeightsError(
            "The weights do not fit Inception V2 with "
            f"depth_multiplier={architecture.depth_multiplier:g} and {architecture.num_classes} classes: "
            f"{'; '.join(complaints)}; "
            f"give a file that holds exactly this network's {len(architecture.variables)} variables."
        )
    return {name: np.asarray(weights[name], np.float32) for name in architecture.variables}


def misfits(
    expected: Mapping[str, tuple[Shape, tuple[np.dtype[Any], ...]]], arrays: Mapping[str, NDArray[Any]]
) -> list[str]:
    """What is missing, unexpected, of another shape or of another dtype than `expected`: a clause each."""
    common = {name: (wanted, arrays[name]) for name, wanted in expected.items() if name in arrays}
    return [
        *complaint("missing", (name for name in expected if name not in arrays)),
        *complaint("unexpected", (name for name in arrays if name not in expected)),
        *complaint(
            "of the wrong shape",
            (
                f"{name} {list(array.shape)} instead of {list(shape)}"
                for name, ((shape, _), array) in common.items()
                if array.shape != shape
            ),
        ),
        *complaint(
            "of the wrong dtype",
            (
                f"{name} {array.dtype} instead of {' or '.join(map(str, dtypes))}"
                for name, ((_, dtypes), array) in common.items()
                if array.dtype not in dtypes
            ),
        ),
    ]


def complaint(kind: str, names: Iterator[str]) -> list[str]:
    """A clause that says `kind` of the first few of `names`; none if there are none."""
    listing = list(names)
    # A hostile file's names may be long or move the cursor; messages are one line.
    listed = (name[:200] if name.isprintable() else repr(name[:200]) for name in listing[:5])
    shown = ", ".join(listed) + (f" and {len(listing) - 5} more" if len(listing) > 5 else "")
    return [f"{kind}: {shown}"] if listing else []


def infer_architecture(shapes: Mapping[str, Shape]) -> Architecture:
    """The architecture whose variables have these `shapes`.

    `depth_multiplier` stands in no TensorFlow file: this finds the simplest fraction that reproduces
    every shape. Raises `WeightsError` naming the first variable that does not fit.
    """
    logits = shapes.get(f"{LOGITS_LAYER}/weights")
    num_classes = logits[-1] if logits and len(logits) == 4 else 0
    candidates = list(_candidates(shapes))
    for multiplier in candidates:
        architecture = Architecture(multiplier, num_classes)
        if _first_misfit(architecture, shapes) is None:
            return architecture
    best = Architecture(candidates[0] if candidates else 1.0, num_classes)
    misfit = _first_misfit(best, shapes)
    assert misfit is not None
    received = list(shapes[misfit.name]) if misfit.name in shapes else "missing"
    raise WeightsError(
        f"The variables are not Inception V2's at any depth_multiplier: {misfit.name} is {received}, "
        f"expected {list(misfit.shape)} at depth_multiplier={best.depth_multiplier:g}; "
        "give a checkpoint of TF-Slim's inception_v2."
    )


def _candidates(shapes: Mapping[str, Shape]) -> Iterator[float]:
    """Multipliers that give the widest plain layer its width, simplest fraction first."""
    from fractions import Fraction

    anchor = shapes.get(f"{SCOPE}/Mixed_5b/Branch_0/Conv2d_0a_1x1/weights", ())
    if len(anchor) != 4:
        return
    base = 352  # that layer's channels in the table
    low = Fraction(anchor[-1] if anchor[-1] > MIN_DEPTH else 0, base)  # thinner layers all end at MIN_DEPTH
    high = Fraction(anchor[-1] + 1, base)
    for denominator in range(1, 2 * base):
        for numerator in range(
            -(-low.numerator * denominator // low.denominator), int(high * denominator) + 1
        ):
            if low <= Fraction(numerator, denominator) < high and numerator:
                yield numerator / denominator


def _first_misfit(architecture: Architecture, shapes: Mapping[str, Shape]) -> Variable | None:
    for name, variable in architecture.variables.items():
        if shapes.get(name) != variable.shape:
            return variable
    return None


def initialise(architecture: Architecture, seed: int) -> dict[str, NDArray[np.float32]]:
    """Weights as Slim starts them: normals cut at two deviations, zeros, unit variances."""
    generator = np.random.default_rng(seed)
    return {name: _initial(variable, generator) for name, variable in architecture.variables.items()}


def _initial(variable: Variable, generator: "np.random.Generator") -> NDArray[np.float32]:
    if variable.stddev is None:
        return np.full(variable.shape, variable.constant, np.float32)
    values = generator.standard_normal(variable.size, np.float32)
    while (outside := np.abs(values) > 2).any():
        values[outside] = generator.standard_normal(int(outside.sum()), np.float32)
    return (values * np.float32(variable.stddev)).reshape(variable.shape)


def fold(layer: Layer, weights: Weights) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """A layer for inference as one dense kernel (HWIO) and one bias.

    Batch norm is folded into the kernel, the separable stem composed; computed in float64, so that
    folding costs one rounding. Raises `WeightsError` for what is then too large for float32.
    """
    with np.errstate(over="ignore"):
        kernel, bias = (array.astype(np.float32) for array in _folded(layer, weights))
    if not (np.isfinite(kernel).all() and np.isfinite(bias).all()):
        raise WeightsError(
            f"The weights of {layer.name} exceed float32 once its batch norm is folded in; give others."
        )
    return kernel, bias


def _folded(layer: Layer, weights: Weights) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    if layer.op == "separable_conv":
        depthwise = weights[layer.depthwise_weights].astype(np.float64)
        # TF's depthwise output channel is input channel * multiplier + m.
        pointwise = weights[layer.pointwise_weights].reshape(*depthwise.shape[2:], -1)
        return np.einsum("hwcm,cmo->hwco", depthwise, pointwise), weights[layer.biases]
    if layer.is_head:
        return weights[layer.weights], weights[layer.biases]
    scale = 1 / np.sqrt(weights[layer.moving_variance].astype(np.float64) + BATCH_NORM_EPSILON)
    return weights[layer.weights] * scale, weights[layer.beta] - weights[layer.moving_mean] * scale


def save(path: Path, weights: Weights, dtype: type[np.floating] = np.float32) -> None:
    """Writes a safetensors file; with `dtype` float16 it is half as large, at a relative rounding of 5e-4."""
    write(path, {name: np.asarray(array, dtype) for name, array in weights.items()})


def write(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Writes `arrays` as they are. Raises `OSError`."""
    from safetensors.numpy import save

    # safetensors' save_file makes files that their owner alone can read, and calls a full disk otherwise.
    path.write_bytes(save({name: np.ascontiguousarray(array) for name, array in arrays.items()}))


def load(path: Path) -> dict[str, NDArray[np.generic]]:
    """Reads a safetensors file, unchecked against any architecture: see `check`."""
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        with open_regular(path) as file:
            header = int.from_bytes(file.read(8), "little")
        if header > MAX_HEADER_BYTES:
            raise ValueError(f"its header of {header} bytes is longer than {MAX_HEADER_BYTES}")
        arrays = load_file(path)
        for array in arrays.values():
            if array.dtype.kind not in "biuf":  # bfloat16, once any library has taught NumPy such types
                raise TypeError(str(array.dtype))
        return arrays
    except (AttributeError, TypeError) as error:  # as of bfloat16
        reason = ascii(str(error)[:300])[1:-1]
        raise FormatError(
            f"{path} holds numbers of a type that NumPy does not have ({reason}); save them as float32."
        ) from error
    except (SafetensorError, OSError, KeyError, ValueError) as error:
        reason = ascii(str(error)[:300])[1:-1]
        raise FormatError(
            f"{path} is not a readable safetensors file ({reason}); restore it or convert the module again."
        ) from error
