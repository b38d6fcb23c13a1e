"""ASGI middleware that reads each request's body within limits, cancels abandoned requests and counts all."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..errors import (
    AmbiguousLengthError,
    InceptionHubError,
    NotReadyError,
    OverloadedError,
    RequestError,
    SlowError,
    TooLargeError,
)
from .encoding import MOST_EXPANSION, gunzip, is_gzip
from .hosts import AllowedHosts
from .responses import error_response
from .routing import routed
from .service import Service

MAX_DIGITS = 19  # of a Content-Length
HUNG_UP, FAILED = 499, 500  # statuses that are counted where no response was seen; nginx has the first


class RequestMiddleware:
    """Hands `app` only requests whose body has arrived within the limits of `service`, and refuses others.

    Refused are requests for or from other sites than `hosts`, bodies beyond `body_bytes` or `body_seconds`,
    and any body while the server is not ready or already holds as many photos (`queue`) or bytes
    (`memory_bytes`) as it may. A response that has not begun by the `deadline` is given up.
    """

    def __init__(self, app: ASGIApp, service: Service, hosts: AllowedHosts, prefix: str = "") -> None:
        self._app = app
        self._prefix = prefix
        self._service = service
        self._hosts = hosts
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

        body = _Body()
        scope = routed(scope, self._prefix)

        async def respond() -> None:
            content = body.take()
            if compressed:
                content = await self._decompressed(content, body)
            await self._app(scope, _replay(content, receive), note_status)

        try:
            self._hosts.check(scope)
            compressed = is_gzip(scope)
            await self._read(scope, receive, body)
            await self._run(respond(), receive, lambda: status != 0)
        except _Disconnected:
            pass
        except InceptionHubError as error:
            await error_response(error)(scope, receive, note_status)
        except Exception:
            status = status or FAILED  # the response follows outside of this
            raise
        finally:
            self._held_bytes -= body.length
            # By route, never by the client's own path: there would be no end of series.
            path = getattr(scope.get("route"), "path", "other")
            self._service.metrics.requests.labels(path, str(status or HUNG_UP)).inc()
            self._service.metrics.seconds.labels(path).observe(time.perf_counter() - began)

    async def _run(
        self, response: Coroutine[Any, Any, None], receive: Receive, begun: Callable[[], bool]
    ) -> None:
        """Runs `response` until it is done, the client hangs up, or the deadline passes unanswered."""
        app = asyncio.ensure_future(response)
        disconnect = asyncio.ensure_future(receive())  # the body is read, so nothing else is left to receive
        deadline = self._service.limits.deadline
        try:
            done, _ = await asyncio.wait(
                {app, disconnect}, timeout=deadline, return_when=asyncio.FIRST_COMPLETED
            )
            if not done and begun():
                # The client is still reading the response, for which the protocol has a limit.
                await asyncio.wait({app, disconnect}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            disconnect.cancel()
            app.cancel()
        with suppress(asyncio.CancelledError):
            await app
        if not done and not begun():
            raise NotReadyError(f"The response was not ready within {deadline:g} s; try again in a second.")

    async def _decompressed(self, content: bytes, body: "_Body") -> bytes:
        limits, threads = self._service.limits, self._service.threads
        content = await threads.run(MOST_EXPANSION * len(content), gunzip, content, limits.body_bytes)
        self._hold(len(content), body)
        return content

    def _hold(self, length: int, body: "_Body") -> None:
        """Counts `length` bytes more of `body`; raises `OverloadedError` beyond what all may hold."""
        if self._held_bytes + length > self._service.limits.memory_bytes:
            raise OverloadedError(
                f"The requests under way hold {self._service.limits.memory_bytes:,} bytes, all the server "
                "may; try again in a second."
            )
        body.length += length
        self._held_bytes += length

    async def _read(self, scope: Scope, receive: Receive, body: "_Body") -> None:
        limits = self._service.limits
        headers = dict(scope["headers"])
        length = headers.get(b"content-length", b"0")
        if b"content-length" in headers and b"transfer-encoding" in headers:  # RFC 9112, 6.1
            raise AmbiguousLengthError(
                "The request has both Content-Length and Transfer-Encoding; send one of them."
            )
        if scope["method"] == "POST":
            self._check_admission()
        if not length.isdigit():
            raise RequestError(
                f"Content-Length is {length[:60].decode('latin-1')!r}; give a number of bytes."
            )
        if len(length) > MAX_DIGITS or int(length) > limits.body_bytes:
            raise TooLargeError(_too_large(limits.body_bytes))
        try:
            async with asyncio.timeout(limits.body_seconds):
                more = True
                while more:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise _Disconnected
                    chunk = message.get("body", b"")
                    if body.length + len(chunk) > limits.body_bytes:
                        raise TooLargeError(_too_large(limits.body_bytes))
                    self._hold(len(chunk), body)
                    body.add(chunk)
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


class _Body:
    """A body as it arrives; `length`: the bytes counted for it, which stay once it has been taken."""

    def __init__(self) -> None:
        self.length = 0
        self._chunks: list[bytes] = []

    def add(self, chunk: bytes) -> None:
        self._chunks.append(chunk)

    def take(self) -> bytes:
        content = b"".join(self._chunks)
        self._chunks.clear()
        return content


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
