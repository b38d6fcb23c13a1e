"""Good requests among hostile ones: `overload.py [--seconds S] [--rounds N]`.

`inception-hub serve` with the bundled module at 224 x 224, and the clients in this process. 16 connections
send one good photo after another; what they get alone is the server's capacity. Then others send hostile
requests beside them, four times as many as that: small ones that the server refuses, of all its interfaces.
S seconds of each in turn, N times.
"""

import argparse
import asyncio
import io
import os
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE / "reliability"), str(HERE.parent / "src")]

import request_forms as forms  # noqa: E402
import request_grammar as grammar  # noqa: E402
from serving import running  # noqa: E402

import inception_hub as hub  # noqa: E402
from inception_hub import bundle  # noqa: E402

CONNECTIONS = 16  # of good clients, and of hostile ones
HOSTILE = 4  # times the capacity
KINDS = 400  # of hostile requests
LARGEST = 1 << 16  # bytes of one


@dataclass
class Counts:
    good: int = 0
    refused: int = 0  # good ones, with 429
    hostile: int = 0

    def add(self, other: "Counts") -> None:
        self.good += other.good
        self.refused += other.refused
        self.hostile += other.hostile


def as_bytes(request: grammar.Request) -> bytes:
    headers = {"Host": "localhost", "Content-Length": str(len(request.body)), **request.headers}
    query = f"?{request.query.decode()}" if request.query else ""
    lines = [f"{request.method} {request.path}{query} HTTP/1.1", *(f"{n}: {v}" for n, v in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape") + request.body


def photo() -> bytes:
    file = io.BytesIO()
    values = np.random.default_rng(0).integers(0, 255, (24, 32, 3), np.uint8)
    Image.fromarray(values).resize((320, 240)).save(file, "JPEG")
    return file.getvalue()


class Connection(asyncio.Protocol):
    """An open connection: a request, its response, the next request."""

    def __init__(self) -> None:
        self.open = False
        self._received = b""
        self._status: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def ask(self, content: bytes) -> int:
        """The status of the response; 0 where there was none."""
        self._received, self._status = b"", asyncio.get_running_loop().create_future()
        self._transport.write(content)
        return await self._status

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport, self.open = transport, True

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        head = head.lower()
        if end and len(body) == int(head.split(b"\r\ncontent-length: ")[1].split()[0]):
            if b"connection: close" in head:
                self.close()
            self._status.set_result(int(head.split()[1]))

    def connection_lost(self, exc: Exception | None) -> None:
        self.open = False
        if not self._status.done():
            self._status.set_result(0)

    def close(self) -> None:
        self.open = False
        self._transport.close()


class Client:
    """One connection, opened again whenever the server has closed it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._connection: Connection | None = None

    async def ask(self, content: bytes) -> int:
        """The status of the response; 0 where there was none."""
        if self._connection is None or not self._connection.open:
            loop = asyncio.get_running_loop()
            _, self._connection = await loop.create_connection(Connection, "127.0.0.1", self._port)
        return await self._connection.ask(content)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()


async def refused(port: int) -> list[bytes]:
    """Hostile requests from the grammar, those that the server refuses."""
    generator = random.Random(0)
    makers = [grammar.tensorflow_serving, forms.plain, forms.multipart, forms.heads]
    makers += [lambda g: grammar.kserve(g, binary=False), lambda g: grammar.kserve(g, binary=True)]
    found: list[bytes] = []
    client = Client(port)
    while len(found) < KINDS:
        request = generator.choice(makers)(generator)
        if request.method == "HEAD" or "Content-Length" in request.headers:
            continue  # this client reads no responses but ordinary ones
        if len(request.body) <= LARGEST and 400 <= await client.ask(as_bytes(request)) < 500:
            found.append(as_bytes(request))
    client.close()
    return found


async def load(port: int, good: bytes, hostile: Sequence[bytes], rate: float, seconds: float) -> Counts:
    """What is answered within `seconds`, with hostile requests at `rate` a second."""
    counts, end, due = Counts(), time.perf_counter() + seconds, time.perf_counter()

    async def send_good() -> None:
        client = Client(port)
        while time.perf_counter() < end:
            status = await client.ask(good)
            counts.good += status == 200
            counts.refused += status == 429
        client.close()

    async def send_hostile() -> None:
        nonlocal due
        client = Client(port)
        while (now := time.perf_counter()) < end:
            due = max(due, now - 1) + 1 / rate  # one clock for all of them
            await asyncio.sleep(max(0.0, due - now))
            await client.ask(random.choice(hostile))
            counts.hostile += 1
        client.close()

    await asyncio.gather(
        *(send_good() for _ in range(CONNECTIONS)),
        *(send_hostile() for _ in range(CONNECTIONS if rate else 0)),
    )
    return counts


async def measure(port: int, seconds: float, rounds: int) -> None:
    head = grammar.Request("/classify", photo())
    good, hostile = as_bytes(head), await refused(port)
    await load(port, good, hostile, 0, 3)
    alone, mixed, clients = Counts(), Counts(), 0.0
    for number in range(1, rounds + 1):  # short ones in turn: other work of the machine meets both
        alone.add(await load(port, good, hostile, 0, seconds))
        rate = HOSTILE * alone.good / (number * seconds)
        began = time.process_time()
        mixed.add(await load(port, good, hostile, rate, seconds))
        clients += time.process_time() - began
    clock = rounds * seconds
    print(
        f"alone {alone.good / clock:.1f} good/s; {mixed.hostile / clock:.1f} hostile/s beside: "
        f"{mixed.good / clock:.1f} good/s, {mixed.good / alone.good:.2f} of it; "
        f"{mixed.refused} good ones refused with 429; "
        f"these clients took {clients / clock:.2f} of the machine's {os.cpu_count()} cores"
    )


def main(seconds: float, rounds: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        bundled = hub.load_module_spec("tiny_imagenet").bundle
        bundle.write(replace(bundled, name=grammar.NAME, image_size=(224, 224)), Path(folder) / "module")
        command = [sys.executable, "-m", "inception_hub", "serve", "--module", f"{folder}/module"]
        os.environ["PYTHONPATH"] = str(HERE.parent / "src")
        with running(command, "/v2/health/ready") as (port, _):
            asyncio.run(measure(port, seconds, rounds))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()
    main(options.seconds, options.rounds)
