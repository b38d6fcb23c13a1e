"""Parts of the OpenAPI description that several interfaces share."""

from typing import Any

from pydantic import BaseModel

# One brown pixel as PNG, in base64, so that the examples can be sent as they are.
EXAMPLE_PHOTO = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGM4UaEBAAN0AWnL+tDXAAAAAElFTkSuQmCC"
JSON_OBJECT: dict[int | str, dict[str, Any]] = {200: {"model": dict[str, Any]}}


class Error(BaseModel):
    """An error, as one sentence."""

    error: str


ERRORS: dict[int | str, dict[str, Any]] = {
    "4XX": {"model": Error, "description": "Refused; the sentence says what is accepted"},
    503: {"model": Error, "description": "Not ready, or not answered before the deadline"},
}


def request_body(content: dict[str, Any], **members: str) -> dict[str, Any]:
    """A required body; `content`: by media type, its schema and example."""
    return {"requestBody": {"required": True, **members, "content": content}}


def json_object(
    properties: dict[str, Any], example: dict[str, Any], **constraints: Any
) -> dict[str, dict[str, Any]]:
    """The content of a body that is a JSON object of `properties`; `constraints`: the rest of its schema."""
    schema = {"type": "object", "properties": properties, **constraints}
    return {"application/json": {"schema": schema, "example": example}}
