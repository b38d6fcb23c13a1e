"""The page at `/` for people: its files, the card of the module, `/docs`, and a content security policy."""

import math
from collections.abc import Awaitable, Callable, Mapping
from importlib.resources import files
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from ..images.decode import READABLE
from .interface import interface_page
from .openapi import JSON_OBJECT
from .responses import json_response
from .service import Service

FILES = {
    "/": ("page.html", "text/html; charset=utf-8"),
    "/page.css": ("page.css", "text/css; charset=utf-8"),
    "/page.js": ("page.js", "text/javascript; charset=utf-8"),
    "/request.js": ("request.js", "text/javascript; charset=utf-8"),
    "/heatmaps.js": ("heatmaps.js", "text/javascript; charset=utf-8"),
    "/markdown.js": ("markdown.js", "text/javascript; charset=utf-8"),
    "/example.jpg": ("example.jpg", "image/jpeg"),  # drawn by recipes/example_photo.py
}
EXAMPLE = {"orange", "lemon"}  # labels of what it shows
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
    """The routes `/`, those of the files it loads, `/card` and `/docs`."""
    routes = APIRouter(tags=["page"])
    for path, (name, kind) in FILES.items():
        content = files("inception_hub.server").joinpath("page", name).read_bytes()
        response = Response(content, media_type=kind, headers=HEADERS)
        routes.get(path, include_in_schema=False)(_serve(response))

    @routes.get("/docs", include_in_schema=False)
    async def docs(request: Request) -> Response:
        address = str(request.base_url).rstrip("/")
        html = interface_page(request.app.openapi(), address)
        return Response(html, media_type="text/html; charset=utf-8", headers=HEADERS)

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
        "formats": READABLE,
        "most_bytes": service.limits.body_bytes,
        "knows_example": bool(EXAMPLE.intersection(service.module.labels)),
    }


def _in_json(figures: Mapping[str, Any]) -> dict[str, Any]:
    """The texts and numbers of `figures`, null for what is not finite, such as 1e400: JSON cannot hold it."""
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in figures.items()
        if isinstance(value, str | int | float | None)
    }
