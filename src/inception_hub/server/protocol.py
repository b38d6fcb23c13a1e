"""uvicorn's HTTP/1.1 protocol with limits it lacks: slow heads, clients that do not read, connections."""

import asyncio
import socket
from typing import Any

import h11
from uvicorn.protocols.http.flow_control import CLOSE_HEADER
from uvicorn.protocols.http.h11_impl import H11Protocol

from .limits import Limits
from .responses import message_response

LOOK_EVERY = 0.1  # s, whether a client that sends no more has gone


class BoundedProtocol(H11Protocol):
    """One connection, within `limits`; bodies are the middleware's concern."""

    limits: Limits  # set by `bounded`, as uvicorn constructs protocols itself
    _receiving: asyncio.TimerHandle | None = None
    _sending: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        # asyncio sets it only for sockets made with IPPROTO_TCP; without, a response takes 40 ms more.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().connection_made(transport)
        if len(self.connections) > self.limits.connections:
            self._refuse("There are as many connections as the server holds; try again in a second.", 503)
        else:
            self._set_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        self._receiving = _cancelled(self._receiving)
        self._sending = _cancelled(self._sending)
        super().connection_lost(exc)

    def shutdown(self) -> None:
        if self.cycle is not None and not self.cycle.response_complete:
            self._close_after_response()
        super().shutdown()

    def data_received(self, data: bytes) -> None:
        if not self.transport.is_closing():
            super().data_received(data)
            self._set_timer()

    def eof_received(self) -> bool:  # pyright: ignore[reportIncompatibleMethodOverride] - asyncio's own
        """Keeps the connection for the response to a client that sends no more but may still read."""
        if self.cycle is None or self.cycle.response_complete or self.cycle.more_body:
            return False
        self._close_after_response()
        if self.conn.our_state is h11.SEND_RESPONSE and self.scope["http_version"] == "1.1":
            # One that has gone answers this with a reset; one that reads passes over it.
            self.transport.write(
                self.conn.send(h11.InformationalResponse(status_code=100, headers=[])) or b""
            )
            self._watch_half_closed()
        return True

    def _close_after_response(self) -> None:
        """Ends the connection with the response under way, which tells the client not to send more."""
        self.cycle.keep_alive = False
        self.cycle.default_headers = [*self.cycle.default_headers, CLOSE_HEADER]

    def _watch_half_closed(self) -> None:
        """Ends the connection once the client has reset it; asyncio does not look any more."""
        if self.transport.is_closing() or self.cycle.response_complete:
            return
        client: socket.socket = self.transport.get_extra_info("socket")
        if client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            self.transport.abort()
        else:
            self.loop.call_later(LOOK_EVERY, self._watch_half_closed)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._sending = self.loop.call_later(self.limits.write_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        self._sending = _cancelled(self._sending)
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        self._refuse("This is no HTTP request; send HTTP/1.1.", 400)

    def _set_timer(self) -> None:
        """Limits the time that a head, or the rest of a refused request, may take to arrive."""
        if self.cycle is not None and not self.cycle.response_complete:
            self._receiving = _cancelled(self._receiving)
        elif self._receiving is None:
            self._receiving = self.loop.call_later(self.limits.head_seconds, self._time_out)

    def _time_out(self) -> None:
        if self.conn.our_state is h11.IDLE:
            self._refuse("The request's head did not arrive in time; send it faster.", 408)
        else:
            self.transport.abort()

    def _refuse(self, message: str, status: int) -> None:
        response = message_response(message, status)
        response.headers["Connection"] = "close"
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            head = h11.Response(status_code=status, headers=response.raw_headers)
            for event in (head, h11.Data(data=bytes(response.body)), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()


def bounded(limits: Limits) -> type[BoundedProtocol]:
    """The protocol class for a server of `limits`."""
    return type("Bounded", (BoundedProtocol,), {"limits": limits})


def _cancelled(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()
