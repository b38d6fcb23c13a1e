"""Hostile streams beside whole requests: what a client may send on one connection, without waiting.

Heads, targets, versions, chunks, several requests at once, and bytes that are no HTTP; whatever comes, the
server must answer each request that it can tell apart, and say in a sentence why it reads no further.
"""

import json
import re
import socket
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from random import Random

import trials
from request_forms import photo
from rows import Row
from trials import mutated

REFUSALS = {*range(400, 500), 501, 505}
AT_ONCE = 16  # connections
SECONDS = 10.0  # a connection may be open for, under limits of one second
GET, POST, HOST = b"GET /v2 HTTP/1.1\r\n", b"POST /classify HTTP/1.1\r\n", b"Host: localhost\r\n"
LAST = GET + HOST + b"Connection: close\r\n\r\n"


def stream(generator: Random) -> bytes:
    """The bytes of one connection; the last request is a good one."""
    makers = (good, good, with_body, chunked, chunked, head, target, version, no_http)
    number = generator.choice((1, 1, 2, 5, 50))
    content = b"".join(generator.choice(makers[: generator.choice((3, 9))])(generator) for _ in range(number))
    if generator.random() < 0.1:
        content = re.sub(rb"(GET|POST) /", b"HEAD /", content)
    return (mutated(content, generator) if generator.random() < 0.2 else content) + LAST


def good(generator: Random) -> bytes:
    path = generator.choice((b"/v2", b"/metrics", b"/card", b"/openapi.json", b"/"))
    return GET.replace(b"/v2", path) + HOST + b"\r\n"


def with_body(generator: Random) -> bytes:
    body = photo(generator)
    length = generator.choice((len(body),) * 9 + (len(body) - 1, 10**9, 10**19, 10**30))
    more = generator.choice((b"", b"", b"Expect: 100-continue\r\n", b"Expect: x\r\n", b"Upgrade: h2c\r\n"))
    return POST + HOST + more + b"Content-Length: %d\r\n\r\n" % length + body


def chunked(generator: Random) -> bytes:
    body, size = photo(generator), generator.choice((1, 2, 60, 70, 1000, 1 << 20))
    if generator.random() < 0.1:
        body *= generator.choice((10, 100))
    extension = generator.choice((b"",) * 6 + (b";a=b", b";" + b"a" * generator.choice((999, 99_999))))
    size = max(size, len(body) // 3000)
    parts = (body[start : start + size] for start in range(0, len(body), size))
    chunks = [b"%x" % len(part) + extension + b"\r\n" + part + b"\r\n" for part in parts]
    if generator.random() < 0.1:
        bad = (b"f" * 20, b"f" * 21, b"-1", b"0x1", b" 1", b"", b"1\r\nab")
        chunks.insert(generator.randrange(len(chunks) + 1), generator.choice(bad) + b"\r\n")
    trailers = (b"",) * 6 + (
        b"A: b\r\n",
        b"A: b\r\n" * 9999,
        b"Host: evil\r\nContent-Length: 9\r\n",
        b"none\r\n",
    )
    coding = generator.choice((b"chunked",) * 9 + (b"Chunked", b"gzip, chunked", b"identity", b""))
    return (
        POST
        + HOST
        + b"Transfer-Encoding: "
        + coding
        + b"\r\n\r\n"
        + b"".join(chunks)
        + b"0\r\n"
        + generator.choice(trailers)
        + b"\r\n"
    )


def head(generator: Random) -> bytes:
    """Many headers, long ones, folded ones, the same one twice, odd bytes."""
    length = generator.choice((10, 10, 1000, 16_000, 17_000, 300_000))
    headers = (
        b"a:b\r\n" * (length // 5),
        b"a" * length + b": b\r\n",
        b"A: " + b"b" * length + b"\r\n",
        b"A: b\r\n" + b" c\r\n" * (length // 4),
        b" folded\r\n",
        HOST,
        b"Host: evil.example\r\n",
        b"Content-Length: 0\r\nContent-Length: 0\r\n",
        b"Content-Length: 0\r\nContent-Length: 1\r\n",
        b"Content-Length: 0\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: chunked\r\n" * 2,
        b"Content-Type: multipart/x" + b'; a="' * (length // 5) + b"\r\n",
        b"Content-Encoding: " + b"gzip, " * (length // 6) + b"gzip\r\n",
        b"A : b\r\n",
        b": b\r\n",
        b"A: \0\r\n",
        b"A: \xff\x80\r\n",
        b"\xff: b\r\n",
        b"A: b\rC: d\r\n",
        b"A: b\n",
    )
    return (
        generator.choice((GET, POST))
        + generator.choice((HOST,) * 9 + (b"",))
        + generator.choice(headers)
        + b"\r\n"
    )


def target(generator: Random) -> bytes:
    """Whole URLs, authorities, stars; paths that lead elsewhere; queries."""
    targets = (
        b"http://localhost:1/v2",
        b"http://evil.example/v2",
        b"HTTPS://LOCALHOST",
        b"http://a@localhost/v2",
        b"http://",
        b"ftp://localhost/",
        b"localhost:443",
        b"*",
        b"//v2",
        b"/./v2",
        b"/../v2",
        b"/v2%2f",
        b"/%00",
        b"/%ff%zz%",
        b"/V2",
        b"/v2;a=b#c",
        b"/classify?top=1&top=2",
        b"/classify?top=3;coverage=0.9",
        b"/classify?%ff=%zz&&=",
        b"/classify?" + b"a&" * generator.choice((1000, 100_000)),
    )
    method = generator.choice((b"GET", b"POST", b"OPTIONS", b"CONNECT", b"TRACE", b"get", b"X" * 100, b"PRI"))
    return method + b" " + generator.choice(targets) + b" HTTP/1.1\r\n" + HOST + b"\r\n"


def version(generator: Random) -> bytes:
    versions = (
        b"HTTP/1.0",
        b"HTTP/1.9",
        b"HTTP/0.9",
        b"HTTP/2.0",
        b"HTTP/11",
        b"http/1.1",
        b"",
        b"HTTP/1.1 ",
    )
    return b"GET /v2 " + generator.choice(versions) + b"\r\n" + HOST + b"\r\n"


def no_http(generator: Random) -> bytes:
    tls, http2 = bytes.fromhex("16030100c8010000c40303"), b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9)
    return generator.choice((tls, http2, b"\r\n", b"\n", b"\0" * 99, generator.randbytes(999), b"a" * 99_999))


def responses(received: bytes) -> Iterator[tuple[int, bytes]]:
    """Status and body of each; the response to `HEAD` has none, whatever length it names."""
    while received:
        top, _, received = received.partition(b"\r\n\r\n")
        status, length = int(top[9:12]), re.search(rb"(?i)\r\ncontent-length: (\d+)", top)
        bodiless = not received or received.startswith(b"HTTP/1.")
        size = 0 if bodiless or not length or status < 200 else int(length[1])
        yield status, received[:size]
        received = received[size:]


def ended(received: bytes, sent: bytes) -> str:
    """How a connection counts, by all that was sent, and received on it until the server ended it."""
    bodiless = b"HEAD /" in sent
    statuses = []
    for status, body in responses(received):
        statuses.append(status)
        refused = status in REFUSALS and (body or not bodiless)
        sentence = json.loads(body)["error"] if refused else "."
        if not (status < 300 or status in REFUSALS) or not sentence.endswith(".") or len(sentence) > 600:
            return f"status {status}: {body[:200]!r}"
    if not statuses or statuses[-1] == 100:
        return f"no response after {statuses[-5:]}"
    return trials.REFUSED if REFUSALS.intersection(statuses) else trials.ANSWERED


def ask(port: int, content: bytes) -> tuple[str, float]:
    """How a connection counts on which `content` is sent, and its seconds."""
    began = time.perf_counter()
    received = b""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as client:
            # One that read only after it has sent all would wait for the server, and the server for it.
            threading.Thread(target=_send, args=(client, content), daemon=True).start()
            with suppress(ConnectionError):  # cut off in the rest of a refused body; the response is there
                while chunk := client.recv(1 << 16):
                    received += chunk
        how = ended(received, content)
    except (OSError, ValueError, KeyError) as error:
        how = f"{type(error).__name__}: {error} after {received[-200:]!r}"
    return how, time.perf_counter() - began


def _send(client: socket.socket, content: bytes) -> None:
    with suppress(OSError):  # the server has refused it, or ended it
        client.sendall(content)


def row(port: int, number: int) -> Row:
    counts, longest = {trials.ANSWERED: 0, trials.REFUSED: 0}, 0.0
    with ThreadPoolExecutor(AT_ONCE) as threads:
        results = threads.map(lambda seed: ask(port, stream(Random(seed))), range(number))
        for seed, (how, seconds) in enumerate(results):
            longest = max(longest, seconds)
            if how in counts:
                counts[how] += 1
            else:
                trials.keep("streams", stream(Random(seed)), how)
    answered, refused = counts.values()
    made = Row("streams of requests, heads and chunks", number, answered, refused, longest)
    print(made, file=sys.stderr)
    return made
