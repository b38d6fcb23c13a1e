"""uvicorn's HTTP/1.1 with what it leaves open closed: slow heads, clients that do not read, connections."""

import asyncio
import socket
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from .limits import Limits
from .replies import refused


def bounded(limits: Limits) -> type[H11Protocol]:
    """The protocol class that keeps to `limits`; bodies are the intake's."""

    class Bounded(H11Protocol):
        _receiving: asyncio.TimerHandle | None = None
        _sending: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            # asyncio does so only for sockets made with IPPROTO_TCP: 40 ms an answer.
            transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            super().connection_made(transport)
            if len(self.connections) > limits.connections:
                self._refuse("There are as many connections as the server holds; try again in a second.", 503)
            else:
                self._watch()

        def connection_lost(self, exc: Exception | None) -> None:
            self._receiving = _cancelled(self._receiving)
            self._sending = _cancelled(self._sending)
            super().connection_lost(exc)

        def data_received(self, data: bytes) -> None:
            if not self.transport.is_closing():
                super().data_received(data)
                self._watch()

        def pause_writing(self) -> None:
            super().pause_writing()
            self._sending = self.loop.call_later(limits.write_seconds, self.transport.abort)

        def resume_writing(self) -> None:
            self._sending = _cancelled(self._sending)
            super().resume_writing()

        def send_400_response(self, msg: str) -> None:
            self._refuse("This is no HTTP request; send HTTP/1.1.", 400)

        def _watch(self) -> None:
            """Sets the time that a head, or what is left of a refused request, may take."""
            if self.cycle is not None and not self.cycle.response_complete:
                self._receiving = _cancelled(self._receiving)
            elif self._receiving is None:
                self._receiving = self.loop.call_later(limits.head_seconds, self._too_slow)

        def _too_slow(self) -> None:
            if self.conn.our_state is h11.IDLE:
                self._refuse("The request's head did not arrive in time; send it faster.", 408)
            else:
                self.transport.abort()

        def _refuse(self, sentence: str, status: int) -> None:
            response = refused(sentence, status)
            response.headers["Connection"] = "close"
            if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
                head = h11.Response(status_code=status, headers=response.raw_headers)
                for event in (head, h11.Data(data=bytes(response.body)), h11.EndOfMessage()):
                    self.transport.write(self.conn.send(event) or b"")
            self.transport.close()

    return Bounded


def _cancelled(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()
