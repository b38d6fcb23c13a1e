"""The page at `/` for people: its files, the module's card, and a policy that lets nothing else in."""

from importlib.resources import files
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from .replies import reply
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
    """`/`, what it loads, and `/card`."""
    routes = APIRouter(tags=["page"])
    for path, (name, kind) in FILES.items():
        content = files("inception_hub.server").joinpath("page", name).read_bytes()
        response = Response(content, media_type=kind, headers=HEADERS)
        routes.get(path, include_in_schema=False)(_always(response))

    @routes.get("/card", summary="The module's card", responses={200: {"model": dict[str, Any]}})
    async def card() -> Response:
        return reply(_card(service))

    return routes


def _always(response: Response) -> Any:
    async def answer() -> Response:
        return response

    return answer


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
        "accuracy": [dict(figures) for figures in bundle.accuracy],
        "card": bundle.card,
    }
