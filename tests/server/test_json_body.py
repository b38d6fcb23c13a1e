"""JSON bodies: bounds before parsing, members, photos in base64 and tensors, each error one sentence."""

import base64
import json
import random
import tracemalloc
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pytest
from helpers.serving import Served

from inception_hub.errors import RequestError, TooLargeError
from inception_hub.server import json_body
from inception_hub.server.json_body import (
    Bounds,
    decode_photo,
    float_array,
    read_object,
    refuse_unknown,
    shown,
)

MODEL = "/v1/models/small:predict"


@pytest.mark.usefixtures("unharmed")
def test_json_that_is_deep_or_of_endless_lists(strict_server: Served) -> None:
    response = strict_server.post(MODEL, b'{"instances":' + b"[" * 1_000_001)
    assert response.status == 413 and "1,000,000 values" in response.error
    response = strict_server.post(MODEL, b'{"instances":' + b"[" * 5_000)
    assert response.status == 413 and "5,001 levels deep" in response.error
    response = strict_server.post(MODEL, b'{"instances":[' + b"0," * 524_200 + b"0]}")
    assert response.status == 400
    inside_a_string = json.dumps({"instances": [{"b64": "[" * 5000 + '\\"{'}]}).encode()
    assert "base64" in strict_server.post(MODEL, inside_a_string).error


def test_an_object_is_read_within_its_bounds() -> None:
    text = b'{"a": [[1, 2], {"b": "]],]{{{{\\"[\\\\"}]}'
    exact = Bounds(len(text), 3, 9, 3)  # 4 lists and objects, 2 commas, 3 backslashes
    assert read_object(text, exact) == {"a": [[1, 2], {"b": ']],]{{{{"[\\'}]}
    for change, says in (
        ({"length": len(text) - 1}, f"has {len(text)} bytes and at most {len(text) - 1} are accepted"),
        ({"depth": 2}, "3 levels deep and at most 2 are accepted; flatten it"),
        ({"values": 8}, "holds more than 8 values"),
        ({"strings": 2}, "holds more than 2 strings"),
    ):
        with pytest.raises(TooLargeError, match=says):
            read_object(text, replace(exact, **change))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"", "no valid JSON at character 0; send a JSON object"),
        (b'{"a": 1', "no valid JSON at character 7"),
        (b'{"a": NaN}', "no valid JSON; send"),
        (b"\xff\xfe{}", "no valid JSON"),
        (b"[1]", "is a JSON list; send an object"),
        (b"null", "is a JSON null; send an object"),
        (b"true", "is a JSON boolean; send an object"),
        (b'"text"', "is a JSON string; send an object"),
        (b"1.5", "is a JSON number; send an object"),
        ('{"a": "\u225b"}'.encode("utf-16"), "no valid JSON"),  # its bytes hold a quote and a bracket
        (b'{"a": ' + b"1" * 50 + b".}", "no valid JSON"),
    ],
)
def test_what_is_no_object_is_told_apart(text: bytes, says: str) -> None:
    with pytest.raises(RequestError, match=says):
        read_object(text, Bounds(100, 16, 16, 16))


def test_unknown_members_are_named() -> None:
    refuse_unknown({"a": 1}, ("a", "b"), "The request")
    with pytest.raises(RequestError, match="The request holds 'c'; it takes a, b."):
        refuse_unknown({"a": 1, "c": 2}, ("a", "b"), "The request")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (1, "given as a JSON number"),
        ({"b64": "AAAA"}, "given as a JSON object"),
        ("A", "cannot be decoded"),
        ("AAAAA", "cannot be decoded"),
        ("AA=", "cannot be decoded"),
        ("AA.A", "cannot be decoded"),
        ("AA\x00AA", "cannot be decoded"),
        ("AA\u2003AA", "cannot be decoded"),
        ("AA==AAAA", "cannot be decoded"),
        ("\ud800AAA", "cannot be decoded"),
        ("\u00e9AAA", "cannot be decoded"),
    ],
)
def test_photos_that_are_no_base64(text: Any, says: str) -> None:
    with pytest.raises(RequestError, match=says):
        decode_photo(text)


@pytest.mark.parametrize("length", [*range(12), 57, 58, 3_000_000])
def test_base64_of_every_ecosystem(length: int) -> None:
    """Padded or not, with line ends or without, of both alphabets; each block of it is whole."""
    content = random.Random(length).randbytes(length)
    padded = base64.b64encode(content).decode()
    written = {
        "plain": padded,
        "without padding": padded.rstrip("="),  # Go's RawStdEncoding
        "lines of 76": base64.encodebytes(content).decode(),  # Python's, Perl's
        "MIME's lines": "\r\n".join(padded[i : i + 76] for i in range(0, len(padded), 76)),  # Java's
        "blanks": f"  {padded[: length // 2]} \t{padded[length // 2 :]}\v\f",
        "for URLs": base64.urlsafe_b64encode(content).decode(),
        "TensorFlow's": base64.urlsafe_b64encode(content).decode().rstrip("="),
    }
    for name, text in written.items():
        assert decode_photo(text) == content, name


def test_tensors_become_float32() -> None:
    array = float_array([[1, 2], [0.5, 1e39]])
    assert array.dtype == np.float32 and array.tolist() == [[1, 2], [0.5, np.inf]]
    assert float_array(0.5).shape == () and float_array([[], []]).shape == (2, 0)
    for values, says in (
        ([[1], [1, 2]], "unequal lengths"),
        ([[1], 2], "unequal lengths"),
        ([1, [2]], "unequal lengths"),
        ([True], "more than numbers"),
        (["1"], "more"),
        ([[1], None], "more"),
        ({}, "more"),
    ):
        with pytest.raises(RequestError, match=says):
            float_array(values)


def test_one_long_text_does_not_make_an_array_of_long_texts() -> None:
    """NumPy would: 400 MB for these 400 kB."""
    tracemalloc.start()
    try:
        with pytest.raises(RequestError, match="more than numbers"):
            float_array(["a" * 5000] + ["b"] * 20_000)
        assert tracemalloc.get_traced_memory()[1] < 10 << 20
    finally:
        tracemalloc.stop()


def test_escapes_are_counted_in_one_pass(strict_server: Served) -> None:
    """A pattern for strings once took 17 s for an eighth of this, and minutes for it all."""
    for body in (b'{"instances": ["' + b'\\"' * (1 << 18), b'{"instances": ["' + b"\\" * (1 << 19)):
        response = strict_server.post(MODEL, body)
        assert response.status == 400 and "no valid JSON" in response.error


@pytest.mark.parametrize("block", [2, 3, 1 << 20])
def test_what_is_counted_is_what_the_parser_sees(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Random documents, scanned in blocks that end anywhere: only tighter bounds refuse them."""
    monkeypatch.setattr(json_body, "BLOCK", block)
    generator = random.Random(block)
    for _ in range(200):
        document = {"": _random_value(generator, 5)}
        text = json.dumps(document).encode()
        inside = list(_walk(document, 1))
        lists = [(depth, value) for depth, value in inside if isinstance(value, list | dict)]
        values = sum(max(1, len(value)) for _, value in lists)  # an opening bracket, and commas
        strings = sum(isinstance(value, str) for _, value in inside)
        deepest = max(depth for depth, _ in lists)
        exact = Bounds(len(text), deepest, values + text.count(b"\\"), strings)
        assert read_object(text, exact) == document
        for name, bound in asdict(exact).items():
            with pytest.raises(TooLargeError):
                read_object(text, replace(exact, **{name: bound - 1}))


def test_integers_of_any_length_are_read_in_no_time() -> None:
    bounds = Bounds(1 << 20, 4, 4, 4)
    assert read_object(b'{"a": 12345678901234567890}', bounds) == {"a": 12345678901234567890}
    assert read_object(b'{"a": -' + b"9" * 100_000 + b"}", bounds) == {"a": -np.inf}
    assert read_object(b'{"a": 1e400}', bounds) == {"a": np.inf}


def test_values_are_shown_briefly() -> None:
    assert shown("a" * 100) == repr("a" * 30)
    assert (shown([1] * 100), shown(None), shown(10**19)) == ("a JSON list", "a JSON null", "a JSON number")


def _walk(value: Any, depth: int) -> Iterator[tuple[int, Any]]:
    """`value` and all within it, names of members as well, each with its depth."""
    yield depth, value
    for each in (
        [*value, *value.values()] if isinstance(value, dict) else value if isinstance(value, list) else ()
    ):
        yield from _walk(each, depth + 1)


def _random_value(generator: random.Random, levels: int) -> Any:
    kind = generator.randrange(6 if levels else 4)
    if kind == 0:
        return generator.choice([None, True, -1.5, 7])
    if kind < 4:
        return "".join(generator.choice('[]{},"\\\\\\:aé/') for _ in range(generator.randrange(6)))
    if kind == 4:
        return [_random_value(generator, levels - 1) for _ in range(generator.randrange(4))]
    return {str(i) + '"': _random_value(generator, levels - 1) for i in range(generator.randrange(4))}
