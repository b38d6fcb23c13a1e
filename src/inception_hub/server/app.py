"""The application: every interface over one service, errors as sentences, started and drained."""

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
from . import kserve, page, plain, tensorflow_serving
from .intake import Intake
from .limits import Limits
from .protocol import bounded
from .replies import refusal, refused
from .service import Service


def make_app(module: Module, limits: Limits | None = None) -> FastAPI:
    """The ASGI application that answers with `module`; it warms up in its lifespan."""
    service = Service(module, limits or Limits())

    async def warm() -> None:
        try:
            await asyncio.to_thread(service.warm_up)
        except Exception as error:
            service.failure = error
            signal.raise_signal(signal.SIGTERM)  # the server's: it ends, and whoever ran it can say why

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        warming = asyncio.create_task(warm())
        yield
        await warming
        await asyncio.to_thread(service.batcher.close)

    app = FastAPI(
        title="Inception Hub",
        version=version("inception-hub"),
        description=f"Photos classified by {service.name}.",
        lifespan=lifespan,
        middleware=[Middleware(Intake, service=service)],
        docs_url=None,  # these pages would load scripts from elsewhere
        redoc_url=None,
    )
    app.state.service = service
    for interface in (plain, tensorflow_serving, kserve, page):
        app.include_router(interface.router(service))

    @app.get("/metrics", tags=["page"], summary="Figures for Prometheus", response_class=Response)
    async def metrics() -> Response:
        return Response(service.metrics.text(), media_type=service.metrics.content_type)

    @app.exception_handler(InceptionHubError)
    async def ours(request: Request, error: InceptionHubError) -> Response:
        return refusal(error)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        return refused(f"{first['loc'][-1]}: {first['msg']}; see /openapi.json.", 400)

    @app.exception_handler(HTTPException)
    async def unknown(request: Request, error: HTTPException) -> Response:
        response = refused(
            f"{error.detail}: {request.method} {request.url.path[:100]}; the model is called {service.name}, "
            "and /openapi.json lists what there is.",
            error.status_code,
        )
        response.headers.update(error.headers or {})
        return response

    @app.exception_handler(Exception)
    async def broken(request: Request, error: Exception) -> Response:
        return refused("The server failed at this request; its log says how.", 500)

    return app


def make_server(app: FastAPI, limits: Limits) -> uvicorn.Server:
    """`app` to be `run(sockets=...)`: it serves until SIGTERM or SIGINT and then drains."""
    config = uvicorn.Config(
        app,
        http=bounded(limits),
        ws="none",
        lifespan="on",
        access_log=False,
        log_level="warning",
        server_header=False,
        timeout_keep_alive=limits.idle_seconds,  # pyright: ignore[reportArgumentType] - loop.call_later's
        timeout_graceful_shutdown=limits.drain_seconds,  # pyright: ignore[reportArgumentType]
        h11_max_incomplete_event_size=16 << 10,
    )
    return uvicorn.Server(config)
