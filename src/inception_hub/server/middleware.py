"""ASGI middleware that reads each request's body within limits, cancels abandoned requests and counts all."""

import asyncio
import time
from contextlib import suppress

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..errors import NotReadyError, OverloadedError, SlowError, TooLargeError
from .responses import error_response
from .service import Service


class RequestMiddleware:
    """Hands `app` only requests whose body has arrived within the limits of `service`, and refuses others.

    Refused are bodies beyond `body_bytes` or `body_seconds`, and any body while the server is not ready or
    already holds as many photos (`queue`) or bytes (`memory_bytes`) as it may.
    """

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self._app = app
        self._service = service
        self._held_bytes = 0  # of all bodies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        began = time.perf_counter()
        status = 0

        async def note_status(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        body = bytearray()
        try:
            await self._read(scope, receive, body)
        except _Disconnected:
            return
        except (TooLargeError, SlowError, OverloadedError) as error:
            await error_response(error)(scope, receive, note_status)
        else:
            await self._run(scope, _replay(bytes(body), receive), receive, note_status)
        finally:
            self._held_bytes -= len(body)
            # By route, never by the client's own path: there would be no end of series.
            path = getattr(scope.get("route"), "path", "other")
            self._service.metrics.requests.labels(path, str(status)).inc()
            self._service.metrics.seconds.labels(path).observe(time.perf_counter() - began)

    async def _run(self, scope: Scope, replay: Receive, receive: Receive, send: Send) -> None:
        """Runs the application until it is done or the client hangs up."""
        app = asyncio.ensure_future(self._app(scope, replay, send))
        disconnect = asyncio.ensure_future(receive())  # the body is read, so nothing else is left to receive
        try:
            await asyncio.wait({app, disconnect}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            disconnect.cancel()
            app.cancel()
        with suppress(asyncio.CancelledError):
            await app

    async def _read(self, scope: Scope, receive: Receive, body: bytearray) -> None:
        limits = self._service.limits
        length = dict(scope["headers"]).get(b"content-length", b"0")
        if scope["method"] == "POST":
            self._check_admission()
        if int(length) > limits.body_bytes:
            raise TooLargeError(_too_large(limits.body_bytes))
        try:
            async with asyncio.timeout(limits.body_seconds):
                more = True
                while more:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise _Disconnected
                    chunk = message.get("body", b"")
                    if len(body) + len(chunk) > limits.body_bytes:
                        raise TooLargeError(_too_large(limits.body_bytes))
                    if self._held_bytes + len(chunk) > limits.memory_bytes:
                        raise OverloadedError(
                            f"The requests under way hold {limits.memory_bytes:,} bytes, all the server may; "
                            "try again in a second."
                        )
                    body += chunk
                    self._held_bytes += len(chunk)
                    more = message.get("more_body", False)
        except TimeoutError as error:
            raise SlowError(
                f"The request's body did not arrive within {limits.body_seconds:g} s; send it faster."
            ) from error

    def _check_admission(self) -> None:
        if not self._service.ready:
            raise NotReadyError("The server is still warming up or about to end; try again in a second.")
        if self._service.batcher.full:
            raise OverloadedError(
                f"{self._service.limits.queue} photos are waiting, all the server holds; try again soon."
            )


class _Disconnected(Exception):
    """The client has hung up."""


def _too_large(limit: int) -> str:
    return f"The request's body is larger than {limit:,} bytes; send fewer or smaller photos."


def _replay(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives `body` at once, and then waits for the client to hang up."""
    given = False

    async def replay() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay
