"""JSON bodies of requests: bounded before they are parsed, their members checked, photos and tensors read.

Clients are not trusted: every error is a sentence of ours, never the parser's. The parser holds Python's
global lock, so what it may build is counted first, by passes over the bytes whose time is linear in them.
"""

import binascii
import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from ..errors import RequestError, TooLargeError

BLOCK = 1 << 20  # bytes scanned, or characters of base64 decoded, at a time
URL_SAFE, WHITE_SPACE = bytes.maketrans(b"-_", b"+/"), b" \t\n\r\f\v"  # in base64
STEP = 10_000  # elements of lists checked at a time; other threads have their turn in between
MAX_INTEGER = 20  # digits; longer ones become floats, which takes no more time for more digits
SHOWN = 30  # characters of a client's text in a message, where one may take ten as an escape


@dataclass(frozen=True)
class Bounds:
    """What a JSON document may hold at most: bytes, levels, values (and escapes in strings), and strings."""

    length: int
    depth: int
    values: int
    strings: int


def read_object(text: bytes, bounds: Bounds) -> dict[str, Any]:
    """The JSON object in `text`, which is UTF-8.

    Raises `RequestError` for anything else, `TooLargeError` beyond one of `bounds`, before parsing.
    """
    _check_size(text, bounds)
    try:
        value = json.loads(
            text.decode(), parse_constant=_refuse_constant, parse_float=_float, parse_int=_integer
        )
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
            raise RequestError(f"{where} holds {name[:SHOWN]!r}; it takes {', '.join(known)}.")


def decode_photo(text: Any) -> bytes:
    """The bytes of a photo given in base64; raises `RequestError`.

    As TensorFlow Serving takes it, with white space and line ends, with padding or without; with `-` and `_`
    for `+` and `/`, too, as TensorFlow's own `tf.io.encode_base64` has it.
    """
    if not isinstance(text, str):
        raise RequestError(f"A photo is given as a JSON {json_type(text)}; give its bytes in base64.")
    try:
        digits = text.encode("ascii").translate(URL_SAFE, WHITE_SPACE)
        if b"=" not in digits:
            digits += b"=" * (-len(digits) % 4)
        if b"=" in digits[:-2]:  # it may end the whole, not a block of it
            raise ValueError("padding within")
        blocks = (digits[start : start + BLOCK] for start in range(0, len(digits), BLOCK))
        return b"".join(binascii.a2b_base64(block, strict_mode=True) for block in blocks)
    except ValueError as error:
        raise RequestError("A photo's base64 cannot be decoded; give the bytes of one image file.") from error


def float_array(values: Any) -> NDArray[np.float32]:
    """Nested lists of JSON numbers as float32; integers too, which JSON does not tell from other numbers.

    Raises `RequestError` for lists of unequal lengths and for anything but numbers, before an array is made:
    NumPy would give every element the size of the longest text. A number that is too large for float32
    becomes infinite.
    """
    shape, level = [], [values]
    while type(level[0]) is list:
        shape.append(len(level[0]))
        level = list(chain.from_iterable(_checked_lists(level, shape[-1])))
        if not level:
            return np.empty(shape, np.float32)
    array = np.empty(len(level), np.float32)
    for start in range(0, len(level), STEP):
        part = level[start : start + STEP]
        if not set(map(type, part)) <= {int, float}:
            _refuse_kinds(part)
        with np.errstate(over="ignore"):  # infinite numbers are refused later, like all that are not finite
            array[start : start + STEP] = np.array(part, np.float64)
    return array.reshape(shape)


def json_type(value: Any) -> str:
    """JSON's name for the type of `value`."""
    names = {dict: "object", list: "list", str: "string", bool: "boolean", type(None): "null"}
    return names.get(type(value), "number")


def shown(value: Any) -> str:
    """A client's value as messages show it, however large it is."""
    return repr(value[:SHOWN]) if isinstance(value, str) else f"a JSON {json_type(value)}"


def _checked_lists(level: list[Any], length: int) -> Iterator[list[Any]]:
    for start in range(0, len(level), STEP):
        part = level[start : start + STEP]
        if set(map(type, part)) != {list}:
            _refuse_kinds(part)
        if set(map(len, part)) != {length}:
            raise RequestError("The tensor's lists are of unequal lengths; give a rectangular one.")
        yield from part


def _refuse_kinds(part: list[Any]) -> NoReturn:
    if {list} < set(map(type, part)) <= {list, int, float}:
        raise RequestError("The tensor's lists are of unequal lengths; give a rectangular one.")
    raise RequestError('The tensor holds more than numbers; give numbers, or photos as {"b64": ...}.')


def _check_size(text: bytes, bounds: Bounds) -> None:
    """Raises `TooLargeError` before parsing: an empty list has 2 bytes here and 64 in memory."""
    if len(text) > bounds.length:
        raise TooLargeError(
            f"The request's JSON has {len(text):,} bytes and at most {bounds.length:,} are accepted; send "
            "photos as they are, or tensors behind the JSON."
        )
    depth = deepest = quotes = 0
    values = np.count_nonzero(np.frombuffer(text, np.uint8) == ord("\\"))  # each takes the parser's time, too
    inside = False  # a string
    for block in _blocks(text):
        characters = np.frombuffer(block, np.uint8)
        is_quote = characters == ord('"')
        outside = np.logical_xor.accumulate(is_quote) == inside
        quotes += np.count_nonzero(is_quote)
        inside = bool(quotes % 2)
        folded = characters | 0x20  # [ and { are one now, ] and } as well
        opening, closing = outside & (folded == ord("{")), outside & (folded == ord("}"))
        values += np.count_nonzero(opening) + np.count_nonzero(outside & (characters == ord(",")))
        if values > bounds.values:
            raise TooLargeError(
                f"The request's JSON holds more than {bounds.values:,} values and escapes, the most that "
                "are accepted; send fewer images, photos in base64, or tensors behind the JSON."
            )
        if quotes > 2 * bounds.strings:
            raise TooLargeError(
                f"The request's JSON holds more than {bounds.strings:,} strings, the most that are "
                "accepted; send fewer images."
            )
        steps = (opening.view(np.int8) - closing.view(np.int8))[opening | closing]
        depths = steps.cumsum(dtype=np.int64)
        deepest = max(deepest, depth + int(depths.max(initial=0)))
        depth += int(depths[-1]) if depths.size else 0
    if deepest > bounds.depth:
        raise TooLargeError(
            f"The request's JSON is {deepest:,} levels deep and at most {bounds.depth} are accepted; "
            "flatten it."
        )


def _blocks(text: bytes) -> Iterator[bytes]:
    """`text` in blocks, with `_` for every escaped backslash and quote."""
    start = 0
    while start < len(text):
        block = text[start : start + BLOCK].replace(rb"\\", b"__").replace(rb"\"", b"__")
        if block.endswith(b"\\") and len(block) == BLOCK:
            block = block[:-1]  # what it escapes stands in the next
        yield block
        start += len(block)


def _float(text: str) -> float:
    # A function of Python's, unlike float itself, lets other threads have their turn.
    return float(text)


def _integer(text: str) -> float:
    return int(text) if len(text) <= MAX_INTEGER else float(text)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")
