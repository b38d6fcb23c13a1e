"""JSON bodies: bounds before parsing, members, photos in base64 and tensors, each error one sentence."""

import base64
import json
from typing import Any

import numpy as np
import pytest
from helpers.serving import Served

from inception_hub.errors import RequestError, TooLargeError
from inception_hub.server.json_body import decode_photo, float_array, read_object, refuse_unknown

MODEL = "/v1/models/small:predict"


@pytest.mark.usefixtures("unharmed")
def test_json_that_is_deep_or_of_endless_lists(strict_server: Served) -> None:
    response = strict_server.post(MODEL, b'{"instances":' + b"[" * 400_000)
    assert response.status == 413 and "lists and objects" in response.error
    response = strict_server.post(MODEL, b'{"instances":' + b"[" * 5_000)
    assert response.status == 413 and "5,001 levels deep" in response.error
    response = strict_server.post(MODEL, b'{"instances":[' + b"[]," * 100_000 + b"0]}")
    assert response.status == 413 and "lists and objects" in response.error
    inside_a_string = json.dumps({"instances": [{"b64": "[" * 5000 + '\\"{'}]}).encode()
    assert "base64" in strict_server.post(MODEL, inside_a_string).error


def test_an_object_is_read_within_its_bounds() -> None:
    text = b'{"a": [[1, 2], {"b": "]]]]{{{{\\"["}]}'
    assert read_object(text, 3, 4) == {"a": [[1, 2], {"b": ']]]]{{{{"['}]}
    with pytest.raises(TooLargeError, match="3 levels deep and at most 2 are accepted; flatten it"):
        read_object(text, 2, 4)
    with pytest.raises(TooLargeError, match="holds 4 lists and objects and at most 3 are accepted"):
        read_object(text, 3, 3)


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
    ],
)
def test_what_is_no_object_is_told_apart(text: bytes, says: str) -> None:
    with pytest.raises(RequestError, match=says):
        read_object(text, 16, 16)


def test_unknown_members_are_named() -> None:
    refuse_unknown({"a": 1}, ("a", "b"), "The request")
    with pytest.raises(RequestError, match="The request holds 'c'; it takes a, b."):
        refuse_unknown({"a": 1, "c": 2}, ("a", "b"), "The request")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (1, "given as a JSON number"),
        ({"b64": "AAAA"}, "given as a JSON object"),
        ("AAA", "cannot be decoded"),
        ("AA\nAA", "cannot be decoded"),
        ("\u00e9AAA", "cannot be decoded"),
    ],
)
def test_photos_that_are_no_base64(text: Any, says: str) -> None:
    assert decode_photo(base64.b64encode(b"bytes").decode()) == b"bytes"
    with pytest.raises(RequestError, match=says):
        decode_photo(text)


def test_tensors_become_float32() -> None:
    array = float_array([[1, 2], [0.5, 1e39]])
    assert array.dtype == np.float32 and array.tolist() == [[1, 2], [0.5, np.inf]]
    for values, says in (([[1], [1, 2]], "unequal lengths"), ([True], "more than numbers"), (["1"], "more")):
        with pytest.raises(RequestError, match=says):
            float_array(values)
