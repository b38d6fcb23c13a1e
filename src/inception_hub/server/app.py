"""The application: all interfaces over one service, and the server that runs it."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

import uvicorn
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import Response

from ..errors import InceptionHubError
from ..module import Module
from . import kserve, page, plain, tensorflow_serving, triton
from .cors import PagesMiddleware
from .ending import EndingServer
from .hosts import AllowedHosts
from .limits import Limits
from .middleware import RequestMiddleware
from .protocol import bounded
from .responses import error_response, message_response
from .service import Service


def make_app(module: Module, limits: Limits, hosts: AllowedHosts | None = None, prefix: str = "") -> FastAPI:
    """The ASGI application that serves `module` within `limits` to `hosts`, by default this machine.

    `prefix`: of all paths as a proxy has them, such as `/photos`.

    It warms up in its lifespan. Should that fail, `app.state.service.failure` is the error, and the server is
    told to end.
    """
    service = Service(module, limits)
    hosts = hosts or AllowedHosts()

    async def warm() -> None:
        try:
            await asyncio.to_thread(service.warm_up)
        except Exception as error:
            service.failure = error
            signal.raise_signal(signal.SIGTERM)  # uvicorn then ends, and its caller can report the failure

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        warming = asyncio.create_task(warm())
        yield
        await warming
        await asyncio.to_thread(service.close)

    app = FastAPI(
        title="Inception Hub",
        version=version("inception-hub"),
        description=f"Photos classified by {service.name}.",
        lifespan=lifespan,
        middleware=[
            *_for_pages_of(hosts.origins),
            Middleware(RequestMiddleware, service=service, hosts=hosts, prefix=prefix),
        ],
        servers=[{"url": prefix}] if prefix else None,
        docs_url=None,  # these pages would load scripts from other hosts
        redoc_url=None,
        redirect_slashes=False,  # a redirect would repeat what the client gave as path and host
    )
    app.state.service = service
    for interface in (plain, tensorflow_serving, kserve, triton, page):
        app.include_router(interface.router(service))

    @app.get("/metrics", tags=["page"], summary="Figures for Prometheus", response_class=Response)
    async def metrics() -> Response:
        return Response(service.metrics.text(), media_type=service.metrics.content_type)

    _add_error_handlers(app, service)
    return app


def _for_pages_of(origins: tuple[str, ...]) -> list[Middleware]:
    """Lets pages of `origins` read responses, too; nothing without any."""
    if not origins:
        return []
    return [
        Middleware(PagesMiddleware, allow_origins=origins, allow_methods=["GET", "POST"], allow_headers=["*"])
    ]


def _add_error_handlers(app: FastAPI, service: Service) -> None:
    @app.exception_handler(InceptionHubError)
    async def expected(request: Request, error: InceptionHubError) -> Response:
        return error_response(error)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        given, accepted = str(first["input"])[:40], first["msg"].replace("Input should be", "it should be")
        return message_response(f"{first['loc'][-1]} is {given!r}; {accepted}; see /openapi.json.", 400)

    @app.exception_handler(HTTPException)
    async def unknown(request: Request, error: HTTPException) -> Response:
        response = message_response(
            f"{error.detail}: {request.method[:30]} {request.scope['path'][:30]!r}; the model is called "
            f"{service.name}, and /openapi.json lists what there is.",
            error.status_code,
        )
        response.headers.update(error.headers or {})
        return response

    @app.exception_handler(Exception)
    async def unexpected(request: Request, error: Exception) -> Response:
        return message_response("The server failed at this request; its log says how.", 500)


def make_server(app: FastAPI, limits: Limits) -> EndingServer:
    """A server for `app`: `run(sockets=...)` serves until SIGTERM or SIGINT, then ends what is under way."""
    config = uvicorn.Config(
        app,
        http=bounded(limits),
        ws="none",
        lifespan="on",
        access_log=False,
        log_level="error",  # warnings are of what clients send, a line for each: strangers could fill a disk
        proxy_headers=False,  # nothing here looks at a client's address
        server_header=False,
        backlog=limits.waiting,
        timeout_keep_alive=limits.idle_seconds,  # pyright: ignore[reportArgumentType] - loop.call_later's
        timeout_graceful_shutdown=0.9 * limits.drain_seconds,  # pyright: ignore[reportArgumentType]
    )
    return EndingServer(config, limits.drain_seconds)
