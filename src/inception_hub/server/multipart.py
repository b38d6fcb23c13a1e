"""Multipart bodies: the file name and content of each part."""

import logging

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header

from ..errors import RequestError, TooLargeError

HEADER_BYTES = 4096  # of a part
BLOCK = 1 << 20  # bytes parsed at a time
logging.getLogger("python_multipart").addHandler(logging.NullHandler())  # the client is told what is wrong


def is_multipart(content_type: str) -> bool:
    """Whether a body of `content_type` has parts."""
    return content_type.lower().startswith("multipart/")


def read_parts(body: bytes, content_type: str, most: int) -> list[tuple[str, bytes]]:
    """(file name, content) of each part of `body`; names are UTF-8 whatever charset the client names.

    Raises `TooLargeError` for more than `most` parts, `RequestError` for anything but parts with file names.
    """
    reader = _Reader(most)
    try:
        boundary = parse_options_header(content_type)[1][b"boundary"]
        parser = MultipartParser(
            boundary,
            {
                "on_part_begin": reader.begin,
                "on_header_field": reader.take_name,
                "on_header_value": reader.take_value,
                "on_header_end": reader.end_header,
                "on_headers_finished": reader.end_headers,
                "on_part_data": reader.take_content,
                "on_end": reader.end,
            },
        )
        for start in range(0, len(body), BLOCK):  # other threads have their turn in between
            parser.write(body[start : start + BLOCK])
        parser.finalize()
    except (FormParserError, KeyError) as error:
        raise _unreadable() from error
    if body and not reader.ended:
        raise RequestError("The multipart body ends before its last boundary; send it whole.")
    return [(name.decode("utf-8", "replace"), b"".join(content)) for name, content in reader.parts]


class _Reader:
    """Receives the parser's findings; headers and contents come in pieces."""

    def __init__(self, most: int) -> None:
        self.parts: list[tuple[bytes, list[bytes]]] = []
        self.ended = False
        self._most = most

    def begin(self) -> None:
        if len(self.parts) == self._most:
            raise TooLargeError(
                f"The request holds more than {self._most} parts; send them in several requests."
            )
        self._name, self._value, self._header_bytes = bytearray(), bytearray(), 0
        self._file_name: bytes | None = None

    def take_name(self, data: bytes, start: int, end: int) -> None:
        self._grow(self._name, data, start, end)

    def take_value(self, data: bytes, start: int, end: int) -> None:
        self._grow(self._value, data, start, end)

    def end_header(self) -> None:
        if self._name.lower() == b"content-disposition":
            self._file_name = parse_options_header(bytes(self._value))[1].get(b"filename")
        self._name, self._value = bytearray(), bytearray()

    def end_headers(self) -> None:
        if self._file_name is None:
            raise _unreadable()
        self.parts.append((self._file_name, []))

    def take_content(self, data: bytes, start: int, end: int) -> None:
        self.parts[-1][1].append(data[start:end])

    def end(self) -> None:
        self.ended = True

    def _grow(self, header: bytearray, data: bytes, start: int, end: int) -> None:
        self._header_bytes += end - start
        if self._header_bytes > HEADER_BYTES:
            raise _unreadable()
        header += memoryview(data)[start:end]


def _unreadable() -> RequestError:
    return RequestError("The multipart body cannot be read; give every photo as a part with a file name.")
