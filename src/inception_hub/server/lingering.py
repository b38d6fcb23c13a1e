"""Closing a connection whose client still sends, so that it gets the response all the same."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any


class LingeringTransport:
    """`transport`, of which `close` reads and drops what still comes while `arriving()` says so.

    The system answers bytes that nobody has read, or that come after the end, with a reset, at which the
    client's own side drops what it has received: RFC 9112, 9.6. It is cut off after `seconds`.
    """

    def __init__(self, transport: asyncio.Transport, arriving: Callable[[], bool], seconds: float) -> None:
        self._transport = transport
        self._arriving = arriving
        self._seconds = seconds
        self._timer: asyncio.TimerHandle | None = None
        self.write = transport.write

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def is_closing(self) -> bool:
        """Whether the response is sent and nothing is read any more, or only to be dropped."""
        return self._timer is not None or self._transport.is_closing()

    def close(self) -> None:
        """Closes the connection, after what is left of the request where it still arrives."""
        if self._arriving():
            self.linger()
        else:
            self.close_at_once()

    def linger(self) -> None:
        """Ends the server's side, and the connection once the client ends its own."""
        if not self.is_closing():
            with suppress(OSError):  # the client has gone
                self._transport.write_eof()
            self._transport.resume_reading()
            self._timer = asyncio.get_running_loop().call_later(self._seconds, self._transport.abort)

    def close_at_once(self) -> None:
        """Closes the connection once all is sent."""
        self._transport.close()

    def closed(self) -> None:
        """Ends the timer; to be called when the connection is lost."""
        if self._timer is not None:
            self._timer.cancel()
