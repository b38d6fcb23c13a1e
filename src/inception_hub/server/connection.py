"""h11's connection with bounds on what arrives whole, too: h11 itself bounds only what is incomplete."""

import h11
from h11._receivebuffer import ReceiveBuffer, blank_line_regex

HEAD_BYTES = 16 << 10  # of a head, of the trailers behind a body, of the line before a chunk
# A chunk takes as long as some kilobytes of a body, and all that have arrived are read in one go.
FREE_CHUNKS, CHUNK_BYTES = 1000, 64  # chunks of any size in a row; bytes that must come for each further one


class RefusedError(h11.RemoteProtocolError):
    """What a client sends is refused: a sentence, and its status as `error_status_hint`."""


class BoundedConnection(h11.Connection):
    """The server's side of one HTTP/1.0 or 1.1 connection; raises `RefusedError` beyond its bounds."""

    _receive_buffer: ReceiveBuffer

    def __init__(self) -> None:
        super().__init__(h11.SERVER, HEAD_BYTES)
        self._receive_buffer = _BoundedBuffer()
        self._chunks = 0.0  # of any size that may come

    @property
    def unread(self) -> int:
        """Bytes that have arrived and are not read yet, such as requests sent before their turn."""
        return len(self._receive_buffer)

    @property
    def is_head(self) -> bool:
        """Whether the request under way is `HEAD`, whose response has no body."""
        return self._request_method == b"HEAD"

    def next_event(self) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        event = super().next_event()
        if isinstance(event, h11.Data):
            self._chunks = min(FREE_CHUNKS, self._chunks + len(event.data) / CHUNK_BYTES) - event.chunk_start
            if self._chunks < 0:
                raise RefusedError(
                    f"The body comes in more than {FREE_CHUNKS:,} chunks of fewer than {CHUNK_BYTES} bytes; "
                    "send larger ones.",
                    400,
                )
        elif isinstance(event, h11.Request):
            self._chunks = FREE_CHUNKS
            if not event.http_version.startswith(b"1."):
                raise RefusedError(f"The request is HTTP/{event.http_version.decode()}; send HTTP/1.1.", 505)
        return event


class _BoundedBuffer(ReceiveBuffer):
    """What has arrived, of which no head or line may be longer than `HEAD_BYTES`."""

    def maybe_extract_lines(self) -> list[bytearray] | None:
        if len(self) > HEAD_BYTES and blank_line_regex.search(self._data, 0, HEAD_BYTES) is None:
            raise _too_long()
        return super().maybe_extract_lines()

    def maybe_extract_next_line(self) -> bytearray | None:
        if len(self) > HEAD_BYTES and self._data.find(b"\r\n", 0, HEAD_BYTES) < 0:
            raise _too_long()
        return super().maybe_extract_next_line()


def _too_long() -> RefusedError:
    return RefusedError(
        f"The request's head, trailers or the line before a chunk are longer than {HEAD_BYTES:,} bytes; "
        "send less.",
        431,
    )
