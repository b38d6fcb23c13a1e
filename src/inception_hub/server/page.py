"""The page at `/` for people: its files, the card of the module, `/docs`, and a content security policy."""

from collections.abc import Awaitable, Callable
from importlib.resources import files
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from ..bundle.describe import page_facts
from ..images.decode import READABLE
from ..system.templates import page_template
from .interface import interface_page
from .openapi import JSON_OBJECT
from .responses import json_response
from .service import Service

HTML = "text/html; charset=utf-8"
FILES = {
    "/page.css": ("page.css", "text/css; charset=utf-8"),
    "/page.js": ("page.js", "text/javascript; charset=utf-8"),
    "/request.js": ("request.js", "text/javascript; charset=utf-8"),
    "/folders.js": ("folders.js", "text/javascript; charset=utf-8"),
    "/heatmaps.js": ("heatmaps.js", "text/javascript; charset=utf-8"),
    "/markdown.js": ("markdown.js", "text/javascript; charset=utf-8"),
    "/example.jpg": ("example.jpg", "image/jpeg"),  # drawn by recipes/example_photo.py
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
    """The routes `/`, those of the files it loads, `/card` and `/docs`."""
    routes = APIRouter(tags=["page"])
    routes.get("/", include_in_schema=False)(_serve(_page()))
    for path, (name, kind) in FILES.items():
        content = files("inception_hub").joinpath("resources", "templates", "page", name).read_bytes()
        response = Response(content, media_type=kind, headers=HEADERS)
        routes.get(path, include_in_schema=False)(_serve(response))

    @routes.get("/docs", include_in_schema=False)
    async def docs(request: Request) -> Response:
        address = str(request.base_url).rstrip("/")
        html = interface_page(request.app.openapi(), address)
        return Response(html, media_type=HTML, headers=HEADERS)

    @routes.get("/card", summary="The module's card", responses=JSON_OBJECT)
    async def card() -> Response:
        return json_response(_card(service))

    return routes


def _serve(response: Response) -> Callable[[], Awaitable[Response]]:
    async def serve() -> Response:
        return response

    return serve


def _page() -> Response:
    html = page_template("page/page.html.j2").render(inlined=None)
    return Response(html, media_type=HTML, headers=HEADERS)


def _card(service: Service) -> dict[str, Any]:
    return {
        **page_facts(service.module.spec.bundle),
        "precision": service.module.precision,
        "formats": READABLE,
        "most_bytes": service.limits.body_bytes,
    }
