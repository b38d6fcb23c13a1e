"""JSON from strangers, read within bounds; no sentence of the parser's, no surprise in its types."""

import base64
import binascii
import json
import re
from typing import Any, NoReturn

import numpy as np

from ..errors import RequestError, TooLargeError

# One brown pixel as PNG: examples that are sent as they stand are answered.
EXAMPLE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGM4UaEBAAN0AWnL+tDXAAAAAElFTkSuQmCC"
STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)


def read_object(text: bytes, depth: int, containers: int) -> dict[str, Any]:
    """The JSON object that `text` is, at most `depth` deep and of at most `containers` lists and objects.

    Raises `RequestError`, `TooLargeError`.
    """
    _check_size(text, depth, containers)
    try:
        found = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        place = f" at character {error.pos}" if isinstance(error, json.JSONDecodeError) else ""
        raise RequestError(f"The request's body is no valid JSON{place}; send a JSON object.") from error
    if not isinstance(found, dict):
        raise RequestError(f"The request's body is a JSON {kind(found)}; send an object.")
    return found


def only(found: dict[str, Any], known: tuple[str, ...], where: str) -> None:
    """Refuses members that would otherwise be ignored."""
    for name in found:
        if name not in known:
            raise RequestError(f"{where} holds {name[:60]!r}; it takes {', '.join(known)}.")


def photo(text: Any) -> bytes:
    """The bytes behind a base64 text."""
    if not isinstance(text, str):
        raise RequestError(f"A photo is given as a JSON {kind(text)}; give its bytes in base64.")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise RequestError("A photo's base64 cannot be decoded; give the bytes of one image file.") from error


def numbers(values: Any) -> Any:
    """Nested lists of JSON numbers as a float32 array; integers too, as JSON tells them not apart."""
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise RequestError("The tensor's lists are of unequal lengths; give a rectangular one.") from error
    if array.dtype.kind not in "iuf":
        raise RequestError('The tensor holds more than numbers; give numbers, or photos as {"b64": ...}.')
    with np.errstate(over="ignore"):  # to infinity, which is refused with the rest that is not finite
        return array.astype(np.float32)


def kind(value: Any) -> str:
    """JSON's name for what `value` is."""
    names = {dict: "object", list: "list", str: "string", bool: "boolean", type(None): "null"}
    return names.get(type(value), "number")


def _check_size(text: bytes, depth: int, containers: int) -> None:
    """Before parsing: a list of nothing takes 2 bytes here and 64 in memory, and nesting recursion."""
    characters = np.frombuffer(STRING.sub(b"", text), np.uint8)
    opening = (characters == ord("[")) | (characters == ord("{"))
    closing = (characters == ord("]")) | (characters == ord("}"))
    steps = (opening.astype(np.int8) - closing.astype(np.int8))[opening | closing]
    found = int(np.count_nonzero(opening))
    if found > containers:
        raise TooLargeError(
            f"The request's JSON holds {found:,} lists and objects and at most {containers:,} are accepted; "
            "send fewer images, or photos in base64."
        )
    deepest = int(steps.cumsum(dtype=np.int64).max(initial=0))
    if deepest > depth:
        raise TooLargeError(
            f"The request's JSON is {deepest:,} levels deep and at most {depth} are accepted; flatten it."
        )


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")
