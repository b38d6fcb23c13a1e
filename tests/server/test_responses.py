"""Responses: JSON of any text, and errors as one sentence with the status of their class."""

import json

import pytest

from inception_hub.errors import (
    ForeignOriginError,
    HandleError,
    ImageError,
    InceptionHubError,
    NotReadyError,
    OverloadedError,
    RequestError,
    SlowError,
    TooLargeError,
    UnknownHostError,
)
from inception_hub.server.responses import error_response, json_response, message_response


@pytest.mark.parametrize(
    ("error", "status", "retry"),
    [
        (NotReadyError("wait."), 503, "1"),
        (OverloadedError("full."), 429, "1"),
        (SlowError("slow."), 408, None),
        (TooLargeError("large."), 413, None),
        (UnknownHostError("whose."), 421, None),
        (ForeignOriginError("whose."), 403, None),
        (RequestError("bad."), 400, None),
        (ImageError("bad photo."), 400, None),
        (HandleError("other."), 400, None),
    ],
)
def test_an_error_has_the_status_of_its_class(
    error: InceptionHubError, status: int, retry: str | None
) -> None:
    response = error_response(error)
    assert (response.status_code, response.headers.get("retry-after")) == (status, retry)
    assert json.loads(bytes(response.body)) == {"error": str(error)}
    assert response.headers["content-type"] == "application/json"


def test_a_message_is_one_line() -> None:
    response = message_response("One\n  thing\tand another.", 418)
    assert response.status_code == 418
    assert bytes(response.body) == b'{"error":"One thing and another."}'


def test_json_is_compact_and_takes_any_text_but_no_nan() -> None:
    stray = b"caf\xe9".decode("utf-8", "surrogateescape")
    assert bytes(json_response({"é": [1, stray]}).body) == '{"é":[1,"caf?"]}'.encode()
    with pytest.raises(ValueError):
        json_response(float("nan"))
