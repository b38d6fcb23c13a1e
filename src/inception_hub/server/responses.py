"""Responses: JSON, and every error as one sentence with the status of its class."""

import json
from typing import Any

from starlette.responses import Response

from ..errors import (
    AmbiguousLengthError,
    ForeignOriginError,
    InceptionHubError,
    NotReadyError,
    OverloadedError,
    SlowError,
    TooLargeError,
    UnknownEncodingError,
    UnknownHostError,
)

STATUSES = {  # others: 400
    NotReadyError: 503,
    OverloadedError: 429,
    UnknownHostError: 421,
    ForeignOriginError: 403,
    SlowError: 408,
    TooLargeError: 413,
    UnknownEncodingError: 415,
}
RETRY_AFTER = "1"  # s; a full queue is a second or two of work


def json_response(content: Any, status: int = 200) -> Response:
    """`content` as JSON."""
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Response(text.encode("utf-8", "replace"), status, media_type="application/json")


def error_response(error: InceptionHubError) -> Response:
    """The message of `error` with the status of its class and the headers that go with it."""
    status = next((status for kind, status in STATUSES.items() if isinstance(error, kind)), 400)
    response = message_response(str(error), status)
    if isinstance(error, OverloadedError):
        response.headers["Retry-After"] = RETRY_AFTER
    if isinstance(error, UnknownEncodingError):
        response.headers["Accept-Encoding"] = "gzip"
    if isinstance(error, AmbiguousLengthError):  # what follows may belong to another's request
        response.headers["Connection"] = "close"
    return response


def message_response(message: str, status: int) -> Response:
    """`{"error": message}`, the message on one line."""
    return json_response({"error": " ".join(message.split())}, status)
