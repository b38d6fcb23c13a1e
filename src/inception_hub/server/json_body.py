"""JSON bodies of requests: parsed within bounds, their members checked, photos and tensors read from them.

Clients are not trusted: every error is a sentence of ours, never the parser's.
"""

import base64
import binascii
import json
import re
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from ..errors import RequestError, TooLargeError

STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)


def read_object(text: bytes, depth: int, containers: int) -> dict[str, Any]:
    """The JSON object in `text`, at most `depth` levels deep, with at most `containers` lists and objects.

    Raises `RequestError` for anything else, `TooLargeError` beyond a bound.
    """
    _check_size(text, depth, containers)
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        place = f" at character {error.pos}" if isinstance(error, json.JSONDecodeError) else ""
        raise RequestError(f"The request's body is no valid JSON{place}; send a JSON object.") from error
    if not isinstance(value, dict):
        raise RequestError(f"The request's body is a JSON {json_type(value)}; send an object.")
    return value


def refuse_unknown(members: dict[str, Any], known: tuple[str, ...], where: str) -> None:
    """Raises `RequestError` for a member that is not `known`; `where` names the object that holds it."""
    for name in members:
        if name not in known:
            raise RequestError(f"{where} holds {name[:60]!r}; it takes {', '.join(known)}.")


def decode_photo(text: Any) -> bytes:
    """The bytes of a photo given in base64; raises `RequestError`."""
    if not isinstance(text, str):
        raise RequestError(f"A photo is given as a JSON {json_type(text)}; give its bytes in base64.")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise RequestError("A photo's base64 cannot be decoded; give the bytes of one image file.") from error


def float_array(values: Any) -> NDArray[np.float32]:
    """Nested lists of JSON numbers as float32; integers too, which JSON does not tell from other numbers.

    Raises `RequestError` for lists of unequal lengths and for anything but numbers. A number that is too
    large for float32 becomes infinite.
    """
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise RequestError("The tensor's lists are of unequal lengths; give a rectangular one.") from error
    if array.dtype.kind not in "iuf":
        raise RequestError('The tensor holds more than numbers; give numbers, or photos as {"b64": ...}.')
    with np.errstate(over="ignore"):  # infinite numbers are refused later, like all that are not finite
        return array.astype(np.float32)


def json_type(value: Any) -> str:
    """JSON's name for the type of `value`."""
    names = {dict: "object", list: "list", str: "string", bool: "boolean", type(None): "null"}
    return names.get(type(value), "number")


def _check_size(text: bytes, depth: int, containers: int) -> None:
    """Raises `TooLargeError` before parsing: an empty list has 2 bytes here and 64 in memory."""
    characters = np.frombuffer(STRING.sub(b"", text), np.uint8)
    opening = (characters == ord("[")) | (characters == ord("{"))
    closing = (characters == ord("]")) | (characters == ord("}"))
    steps = (opening.astype(np.int8) - closing.astype(np.int8))[opening | closing]
    opened = int(np.count_nonzero(opening))
    if opened > containers:
        raise TooLargeError(
            f"The request's JSON holds {opened:,} lists and objects and at most {containers:,} are accepted; "
            "send fewer images, or photos in base64."
        )
    deepest = int(steps.cumsum(dtype=np.int64).max(initial=0))
    if deepest > depth:
        raise TooLargeError(
            f"The request's JSON is {deepest:,} levels deep and at most {depth} are accepted; flatten it."
        )


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")
