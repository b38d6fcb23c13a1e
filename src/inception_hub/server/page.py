"""The page at `/` for people: its files, the module's card, and a content security policy."""

import math
from collections.abc import Awaitable, Callable, Mapping
from importlib.resources import files
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from .openapi import JSON_OBJECT
from .responses import json_response
from .service import Service

FILES = {
    "/": ("page.html", "text/html; charset=utf-8"),
    "/page.css": ("page.css", "text/css; charset=utf-8"),
    "/page.js": ("page.js", "text/javascript; charset=utf-8"),
}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


def router(service: Service) -> APIRouter:
    """The routes `/`, those of the files it loads, and `/card`."""
    routes = APIRouter(tags=["page"])
    for path, (name, kind) in FILES.items():
        content = files("inception_hub.server").joinpath("page", name).read_bytes()
        response = Response(content, media_type=kind, headers=HEADERS)
        routes.get(path, include_in_schema=False)(_serve(response))

    @routes.get("/card", summary="The module's card", responses=JSON_OBJECT)
    async def card() -> Response:
        return json_response(_card(service))

    return routes


def _serve(response: Response) -> Callable[[], Awaitable[Response]]:
    async def serve() -> Response:
        return response

    return serve


def _card(service: Service) -> dict[str, Any]:
    bundle = service.module.spec.bundle
    height, width = bundle.image_size
    return {
        "name": bundle.name,
        "classes": bundle.architecture.num_classes,
        "image_size": [height, width],
        "parameters": bundle.architecture.num_parameters(),
        "precision": service.module.precision,
        "licence": bundle.provenance.licence,
        "source": bundle.provenance.source,
        "accuracy": [_in_json(figures) for figures in bundle.accuracy],
        "card": bundle.card,
    }


def _in_json(figures: Mapping[str, Any]) -> dict[str, Any]:
    """The texts and numbers of `figures`, null for what is not finite, such as 1e400: JSON cannot hold it."""
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in figures.items()
        if isinstance(value, str | int | float | None)
    }
