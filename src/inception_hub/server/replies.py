"""Answers as bytes: JSON, and every refusal as one sentence with its status."""

import json
from typing import Any

from pydantic import BaseModel
from starlette.responses import Response

from ..errors import InceptionHubError, NotReadyError, OverloadedError, SlowError, TooLargeError

STATUSES = {NotReadyError: 503, OverloadedError: 429, SlowError: 408, TooLargeError: 413}
RETRY_AFTER = "1"  # s; a full queue is a second or two of work


class Error(BaseModel):
    """A refusal."""

    error: str


REFUSALS: dict[int | str, dict[str, Any]] = {
    "4XX": {"model": Error, "description": "Refused; the sentence says what is accepted"},
    503: {"model": Error, "description": "Not ready, or not answered before the deadline"},
}


def reply(content: Any, status: int = 200) -> Response:
    """`content` as JSON."""
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Response(text.encode("utf-8", "replace"), status, media_type="application/json")


def refusal(error: InceptionHubError) -> Response:
    """The error's sentence with the status of its class: 400 where nothing else is said above."""
    status = next((status for kind, status in STATUSES.items() if isinstance(error, kind)), 400)
    response = refused(str(error), status)
    if isinstance(error, OverloadedError):
        response.headers["Retry-After"] = RETRY_AFTER
    return response


def refused(sentence: str, status: int) -> Response:
    """A sentence as JSON."""
    return reply({"error": " ".join(sentence.split())}, status)
