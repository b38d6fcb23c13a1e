"""uvicorn's HTTP/1.1 protocol with limits it lacks: slow heads, clients that do not read, connections."""

import asyncio
import socket
import sys
from contextlib import suppress
from typing import Any

import h11
from uvicorn.protocols.http.flow_control import CLOSE_HEADER, FlowControl
from uvicorn.protocols.http.h11_impl import H11Protocol

from .connection import HEAD_BYTES, BoundedConnection, RefusedError
from .limits import Limits
from .lingering import LingeringTransport
from .responses import message_response

LOOK_EVERY = 0.1  # s, whether a client that sends no more has gone


class BoundedProtocol(H11Protocol):
    """One connection, within `limits`; bodies are the middleware's concern."""

    limits: Limits  # set by `bounded`, as uvicorn constructs protocols itself
    conn: BoundedConnection
    transport: LingeringTransport  # pyright: ignore[reportIncompatibleVariableOverride]
    _receiving: asyncio.TimerHandle | None = None
    _sending: asyncio.TimerHandle | None = None
    _ended = False  # whether the client sends no more
    _is_beyond = False  # whether it sends more than its last request

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.conn = BoundedConnection()

    def connection_made(self, transport: Any) -> None:
        with suppress(OSError):  # macOS refuses it for a client that has gone
            # asyncio sets it only for sockets made with IPPROTO_TCP; without, a response takes 40 ms more.
            transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # A client that does not read is timed from the first byte that waits for it: asyncio closes no
        # connection before all is sent, and times nothing itself.
        transport.set_write_buffer_limits(high=0)
        super().connection_made(
            LingeringTransport(transport, self._is_arriving, self.limits.head_seconds)  # type: ignore[arg-type]
        )
        self.flow = Flow(transport, self.conn)
        if len(self.connections) > self.limits.connections:
            self._refuse("There are as many connections as the server holds; try again in a second.", 503)
        else:
            self._set_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        self._receiving = _cancelled(self._receiving)
        self._sending = _cancelled(self._sending)
        self.transport.closed()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        if self.transport.is_closing() or self.cycle is None or self.cycle.response_complete:
            self.transport.close_at_once()
        else:
            self._close_after_response()
        super().shutdown()

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        if self.conn.their_state is h11.MUST_CLOSE:  # what follows a client's last request is not answered
            self._is_beyond = True
            return
        super().data_received(data)
        self._set_timer()

    def eof_received(self) -> bool:  # pyright: ignore[reportIncompatibleMethodOverride] - asyncio's own
        """Keeps the connection for the response to a client that sends no more but may still read."""
        if self.transport.is_closing() or self.cycle is None:
            return False
        if self.cycle.response_complete or self.cycle.more_body:
            return False
        self._ended = True
        if self.conn.unread:  # its further requests, sent before their turn
            return True
        self._close_after_response()
        if self.conn.our_state is h11.SEND_RESPONSE and self.scope["http_version"] == "1.1":
            # One that has gone answers this with a reset; one that reads passes over it.
            self.transport.write(
                self.conn.send(h11.InformationalResponse(status_code=100, headers=[])) or b""
            )
            self._watch_half_closed()
        return True

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._ended and (self.cycle.response_complete or self.cycle.more_body):
            self.transport.close_at_once()

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

    def timeout_keep_alive_handler(self) -> None:
        self.transport.close_at_once()

    def send_400_response(self, msg: str) -> None:
        error = sys.exc_info()[1]  # uvicorn calls it where it has caught one, of which `msg` says nothing
        assert isinstance(error, h11.RemoteProtocolError)
        sentence, _, _ = str(error).partition(": b")  # a client's own bytes follow
        if not isinstance(error, RefusedError):
            sentence = f"The request cannot be read ({sentence}); send HTTP/1.1."
        self._refuse(sentence, error.error_status_hint)

    def _set_timer(self) -> None:
        """Limits the time that a head, or the rest of a refused request, may take to arrive."""
        if self.cycle is not None and not self.cycle.response_complete:
            self._receiving = _cancelled(self._receiving)
        elif self.cycle is not None and self.conn.our_state is h11.IDLE and not self.conn.unread:
            # All of a refused request has arrived; its bytes ended uvicorn's timer of idle clients.
            self._receiving = _cancelled(self._receiving)
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )
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
            body = h11.Data(data=b"" if self.conn.is_head else bytes(response.body))
            for event in (head, body, h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnected = True  # its application has nobody to answer any more
        if status == 408 or len(self.connections) > 2 * self.limits.connections:
            self.transport.close_at_once()
        else:
            self.transport.linger()

    def _is_arriving(self) -> bool:
        return self.conn.their_state is h11.SEND_BODY or self.conn.unread > 0 or self._is_beyond


class Flow(FlowControl):
    """Reads no further while more than a head waits in `connection`.

    uvicorn has reading resumed whenever an application waits for its client to hang up.
    """

    def __init__(self, transport: asyncio.Transport, connection: BoundedConnection) -> None:
        super().__init__(transport)
        self._connection = connection

    def resume_reading(self) -> None:
        if self._connection.unread <= HEAD_BYTES:
            super().resume_reading()


def bounded(limits: Limits) -> type[BoundedProtocol]:
    """The protocol class for a server of `limits`."""
    return type("Bounded", (BoundedProtocol,), {"limits": limits})


def _cancelled(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()
