"""What arrives whole is bounded like what does not: heads, trailers, chunks; and versions of HTTP."""

import h11
import pytest
from helpers.serving import Served

from inception_hub.server.connection import (
    CHUNK_BYTES,
    FREE_CHUNKS,
    HEAD_BYTES,
    BoundedConnection,
    RefusedError,
)

HEAD = b"POST /classify HTTP/1.1\r\nHost: localhost\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


def read(content: bytes) -> bytes:
    """The body of the request that `content` holds, all of which has arrived."""
    connection = BoundedConnection()
    connection.receive_data(content)
    body = b""
    while not isinstance(event := connection.next_event(), h11.EndOfMessage):
        assert event not in (h11.NEED_DATA, h11.PAUSED)
        if isinstance(event, h11.Data):
            body += event.data
    return body


def chunks(size: int, number: int) -> bytes:
    return (b"%x\r\n" % size + b"a" * size + b"\r\n") * number


def padded(start: bytes, length: int) -> bytes:
    """`start`, a header and the end of a head, of `length` bytes together."""
    return (start + b"A: ").ljust(length - 4, b"b") + b"\r\n\r\n"


def test_a_head_is_as_long_as_it_may_be_however_it_arrives() -> None:
    assert read(padded(HEAD, HEAD_BYTES) + b"x" * 5) == b""
    for length in (HEAD_BYTES + 1, 10 * HEAD_BYTES):
        with pytest.raises(RefusedError, match="longer than 16,384 bytes; send less") as error:
            read(padded(HEAD, length))
        assert error.value.error_status_hint == 431


def test_trailers_and_lines_before_chunks_likewise() -> None:
    for length, fits in ((HEAD_BYTES, True), (HEAD_BYTES + 1, False)):
        extension = b"3;a=".ljust(length - 2, b"b") + b"\r\nabc\r\n0\r\n\r\n"
        for content in (b"3\r\nabc\r\n0\r\n" + padded(b"", length), extension + bytes(9)):
            if fits:
                assert read(CHUNKED + content) == b"abc"
            else:
                with pytest.raises(RefusedError, match="longer than"):
                    read(CHUNKED + content)


def test_chunks_may_be_few_or_long() -> None:
    """One takes the event loop as long as kilobytes do: six megabytes of 1-byte chunks once took 4 s."""
    end = b"0\r\n\r\n"
    assert len(read(CHUNKED + chunks(1, FREE_CHUNKS) + end)) == FREE_CHUNKS
    assert len(read(CHUNKED + chunks(CHUNK_BYTES, 5000) + end)) == 5000 * CHUNK_BYTES
    assert len(read(CHUNKED + (chunks(10_000, 1) + chunks(1, 100)) * 50 + end)) == 50 * 10_100
    # A long chunk lets no more short ones follow: these would take the event loop 0.2 s at a time.
    for start in (chunks(1, 1), chunks(CHUNK_BYTES // 2, 1), chunks(1 << 20, 1)):
        with pytest.raises(RefusedError, match="more than 1,000 chunks of fewer than 64 bytes") as error:
            read(CHUNKED + start + chunks(CHUNK_BYTES // 2, 2 * FREE_CHUNKS + 1) + end)
        assert error.value.error_status_hint == 400


def test_each_request_has_its_own_chunks() -> None:
    connection = BoundedConnection()
    for _ in range(3):
        connection.receive_data(CHUNKED + chunks(1, FREE_CHUNKS) + b"0\r\n\r\n")
        while not isinstance(connection.next_event(), h11.EndOfMessage):
            pass
        connection.send(h11.Response(status_code=200, headers=[("Content-Length", "0")]))
        connection.send(h11.EndOfMessage())
        connection.start_next_cycle()


@pytest.mark.usefixtures("unharmed")
@pytest.mark.parametrize(
    ("content", "status", "words"),
    [
        (b"GET /v2 HTTP/2.0\r\n\r\n", 505, b"HTTP/2.0; send HTTP/1.1"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, b"HTTP/2.0"),
        (b"GET /v2 HTTP/0.9\r\n\r\n", 505, b"HTTP/0.9"),
        (HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n", 501, b"Transfer-Encoding: chunked is supported"),
        (HEAD + HEAD.partition(b"\r\n")[2] + b"\r\n", 400, b"multiple Host"),
        (HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 400, b"conflicting Content-Length"),
        (HEAD + b"a secret : b\r\n\r\n", 400, b"(illegal header line)"),
        (CHUNKED + b"secret\r\n", 400, b"(illegal chunk header)"),
        (CHUNKED + chunks(1, 2000), 400, b"send larger ones"),
        (padded(HEAD, 40_000), 431, b"longer than"),
    ],
)
def test_the_client_is_told_what_cannot_be_read(
    strict_server: Served, content: bytes, status: int, words: bytes
) -> None:
    with strict_server.connect() as client:
        client.sendall(content)
        received = b""
        while b"}" not in received:
            received += client.recv(65536)
    assert received.startswith(b"HTTP/1.1 %d " % status)
    assert words in received and b"secret" not in received and b"connection: close" in received.lower()


def test_other_versions_of_http_1_are_read() -> None:
    for version in (b"1.0", b"1.1", b"1.9"):
        assert read(HEAD.replace(b"1.1", version) + b"Content-Length: 3\r\n\r\nabc") == b"abc"
