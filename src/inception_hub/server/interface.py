"""The page at `/docs`: every route with its parameters and a call by curl, from the OpenAPI description."""

import json
import shlex
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..system.templates import page_template

METHODS = ("get", "post", "put", "delete")
PHOTO, JSON = "application/octet-stream", "application/json"


@dataclass(frozen=True)
class Parameter:
    """A parameter of a route; `accepts`: its type and range, in words."""

    name: str
    accepts: str
    default: str
    description: str


@dataclass(frozen=True)
class Route:
    """A route as the page shows it; `bodies`: the media types it takes, `response`: an example as JSON."""

    method: str
    path: str
    summary: str
    parameters: list[Parameter]
    bodies: list[str]
    response: str | None
    curl: str


def interface_page(description: Mapping[str, Any], address: str) -> str:
    """The page as HTML for an OpenAPI `description`; `address`: the server's, as the client calls it."""
    address += next((each["url"] for each in description.get("servers", ())), "")  # the prefix of all paths
    groups: dict[str, list[Route]] = defaultdict(list)
    for path, operations in description["paths"].items():
        for method in METHODS:
            if operation := operations.get(method):
                groups[operation["tags"][0]].append(_route(method, path, operation, address))
    return page_template("interface.html.j2").render(info=description["info"], groups=groups)


def _route(method: str, path: str, operation: Mapping[str, Any], address: str) -> Route:
    bodies = operation.get("requestBody", {}).get("content", {})
    success = operation["responses"]["200"].get("content", {}).get(JSON, {})
    example = success.get("example")
    return Route(
        method.upper(),
        path,
        operation["summary"],
        [_parameter(each) for each in operation.get("parameters", ())],
        list(bodies),
        None if example is None else json.dumps(example, indent=2, ensure_ascii=False),
        _curl(method, bodies, address + path),
    )


def _parameter(parameter: Mapping[str, Any]) -> Parameter:
    schema = parameter["schema"]
    # A parameter that may be left out is a value or null.
    schema = next((each for each in schema.get("anyOf", ()) if each.get("type") != "null"), schema)
    type = str(schema.get("type", "any value"))
    accepts = {"integer": "a whole number", "number": "a number"}.get(type, type)
    if "minimum" in schema and "maximum" in schema:
        accepts += f" from {schema['minimum']:,} to {schema['maximum']:,}"
    if "exclusiveMinimum" in schema and "exclusiveMaximum" in schema:
        accepts += f" above {schema['exclusiveMinimum']:g} and below {schema['exclusiveMaximum']:g}"
    default = "" if "default" not in schema else str(schema["default"])
    return Parameter(parameter["name"], accepts, default, parameter.get("description", ""))


def _curl(method: str, bodies: Mapping[str, Any], url: str) -> str:
    if PHOTO in bodies and JSON not in bodies:
        return shlex.join(["curl", "--data-binary", "@cat.jpg", url])
    if JSON in bodies:
        body = json.dumps(bodies[JSON].get("example", {}), ensure_ascii=False)
        return shlex.join(["curl", "-H", f"Content-Type: {JSON}", "-d", body, url])
    return shlex.join(["curl", url] if method == "get" else ["curl", "-X", method.upper(), url])
