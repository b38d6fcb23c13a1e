"""What a caller hands to a module, checked: clear refusals where the original computed nonsense."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .architecture import BATCH_NORM_MOMENTUM
from .errors import ArgumentError, InputError
from .signatures import IMAGES, MOMENTUM, Signature

LOWEST, HIGHEST = -1.0, 2.0  # images lie in [0, 1]; room for resampling overshoot and augmentation
EXPECTED = "expected float32 [batch, height, width, 3], RGB in [0, 1]"
HOW_TO_LOAD = "inception_hub.load_images reads files and PIL images into that form"


def split(inputs: Any, signature: Signature, signature_name: str) -> tuple[Any, float]:
    """(images, batch_norm_momentum) of a call; a single input may come without its dict.

    Raises `InputError` for missing or extra names, `ArgumentError` for a momentum outside [0, 1].
    """
    expected = signature.inputs
    if not isinstance(inputs, Mapping):
        if len(expected) > 1:
            raise InputError(
                f"Signature {signature_name!r} expects multiple inputs; "
                f"use a dict with {' and '.join(expected)} instead of {type(inputs).__name__}."
            )
        inputs = {IMAGES: inputs}
    if set(inputs) != set(expected):
        missing, extra = sorted(set(expected) - set(inputs)), sorted(map(str, set(inputs) - set(expected)))
        raise InputError(
            f"Cannot convert dict_inputs: missing {missing}, extra given {extra}; "
            f"signature {signature_name!r} takes {' and '.join(expected)}."
        )
    momentum = inputs.get(MOMENTUM, BATCH_NORM_MOMENTUM)
    return inputs[IMAGES], _momentum(momentum)


def _momentum(value: Any) -> float:
    if getattr(value, "shape", None) == () and hasattr(value, "item"):
        value = value.item()
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise InputError(
            f"{MOMENTUM} is {_describe(value)}; give one number in [0, 1], "
            f"{BATCH_NORM_MOMENTUM} being the default."
        )
    if not 0 <= value <= 1:
        raise ArgumentError(
            f"{MOMENTUM} is {value}; give a number in [0, 1], {BATCH_NORM_MOMENTUM} being the default."
        )
    return float(value)


def numpy_images(images: Any) -> NDArray[np.float32]:
    """Arrays or nested lists as float32 [batch, height, width, 3], C-contiguous.

    Raises `InputError` for another kind, rank or dtype, `ArgumentError` for values that cannot be images
    in [0, 1]: not finite, or outside [-1, 2].
    """
    try:
        array = np.asarray(images)
    except (ValueError, TypeError) as error:
        raise InputError(f"Can't convert 'images': {_describe(images)} is ragged; {EXPECTED}.") from error
    if array.dtype.kind in "iub":
        raise InputError(
            f"Can't convert 'images': got {array.dtype} values; {EXPECTED}: divide uint8 by 255, "
            f"or give the files: {HOW_TO_LOAD}."
        )
    if array.dtype.kind != "f":
        raise InputError(f"Can't convert 'images': got {_describe(images)}; {EXPECTED}: {HOW_TO_LOAD}.")
    check_shape(array.shape)
    with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, and is refused below
        array = np.ascontiguousarray(array, np.float32)
    low, high = float(array.min()), float(array.max())  # NaN anywhere makes both NaN
    if not (np.isfinite(low) and np.isfinite(high)):
        raise ArgumentError(f"'images' holds values that are not finite (NaN or infinity); {EXPECTED}.")
    if low < LOWEST or high > HIGHEST:
        hint = ": divide pixels in [0, 255] by 255" if high > HIGHEST else ""
        raise ArgumentError(f"'images' holds values from {low:g} to {high:g}; {EXPECTED}{hint}.")
    return array


def check_shape(shape: tuple[int, ...]) -> None:
    """Refuses all but [batch, height, width, 3] with at least one image of at least one pixel."""
    if len(shape) == 4 and shape[3] == 3 and min(shape) > 0:
        return
    hint = ""
    if len(shape) == 4 and shape[1] == 3:
        hint = ": channels stand first here, move them last with transpose(0, 2, 3, 1)"
    elif len(shape) == 3 and shape[2] == 3:
        hint = ": add the batch axis with images[None]"
    raise InputError(f"Can't convert 'images': got shape {list(shape)}; {EXPECTED}{hint}.")


def _describe(value: Any) -> str:
    shape = getattr(value, "shape", None)
    return f"{type(value).__name__} of shape {list(shape)}" if shape is not None else repr(value)[:60]
