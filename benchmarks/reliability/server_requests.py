"""Hostile requests to the server's application: `server_requests.py [--requests N] [--write-docs]`.

A few at a time, in one process with a small module: how each was answered and how long it took, how the
process grew, and how long the event loop was held meanwhile. The last two rows go through sockets. Wrong are
a status of 500, an error that is no sentence, a response that takes more than a second of a core even when
asked alone, its photos included, or a minute on the clock, and 300 MB more of memory.
"""

import argparse
import asyncio
import gc
import json
import os
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import request_forms as forms
import request_grammar as grammar
import request_streams as streams
import rows
import trials
from kills import small_module
from request_grammar import Request

import inception_hub as hub
from inception_hub.server.app import make_app, make_server
from inception_hub.server.limits import Limits

TOGETHER = 4  # requests under way at once; large ones alone
SECONDS, PATIENCE, MEGABYTES = 1.0, 60.0, 300  # of a core, on the clock
TICK = 0.002  # s
CHUNK = 1 << 16  # bytes of a body that arrive at once
SHARES: dict[str, tuple[float, Callable[[Random], Request]]] = {
    "TensorFlow Serving's REST": (0.3, grammar.tensorflow_serving),
    "Open Inference Protocol, JSON": (0.2, lambda generator: grammar.kserve(generator, binary=False)),
    "Open Inference Protocol, binary": (0.15, lambda generator: grammar.kserve(generator, binary=True)),
    "photos and queries": (0.1, forms.plain),
    "multipart": (0.15, forms.multipart),
    "methods, paths, hosts, origins, lengths": (0.1, forms.heads),
    "bodies of 1 to 30 MiB": (0.004, forms.large),
}
OVER_SOCKET = 0.02


@dataclass
class Loop:
    """How long the event loop was held: seconds on the clock, and of its own thread's work."""

    held: list[float] = field(default_factory=list)
    worked: float = 0.0

    async def watch(self) -> None:
        while True:
            began, work = time.perf_counter(), time.thread_time()
            await asyncio.sleep(TICK)
            self.held.append(time.perf_counter() - began - TICK)
            self.worked = max(self.worked, time.thread_time() - work)


async def ask(app: Any, request: Request) -> tuple[int, bytes]:
    """Status and body of the response, without a socket."""
    headers = {"Host": "localhost", **request.headers}
    raw = [
        (name.lower().encode(), value.encode("utf-8", "surrogateescape")) for name, value in headers.items()
    ]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": "http",
        "method": request.method,
        "path": request.path,
        "raw_path": request.path.encode(),
        "query_string": request.query,
        "root_path": "",
        "headers": raw,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8501),
    }
    given, status, content = 0, 0, b""

    async def receive() -> dict[str, Any]:
        nonlocal given
        if given and given >= len(request.body):
            await asyncio.Event().wait()
        await asyncio.sleep(0)
        chunk = request.body[given : given + CHUNK]
        given += CHUNK
        return {"type": "http.request", "body": chunk, "more_body": given < len(request.body)}

    async def send(message: Any) -> None:
        nonlocal status, content
        status = message.get("status", status)
        content += message.get("body", b"")

    try:
        await app(scope, receive, send)
    except Exception as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
    return status, content


def ended(request: Request, status: int, content: bytes) -> str:
    """How a response counts."""
    if 200 <= status < 300 or (status == 503 and request.path.endswith("ready")):
        return trials.ANSWERED
    try:
        sentence = json.loads(content)["error"] if request.method != "HEAD" else "."
        clean = sentence.endswith(".") and sentence.isprintable() and len(sentence) < 600
    except (ValueError, KeyError, TypeError):
        clean = False
    return trials.REFUSED if 400 <= status < 500 and clean else f"status {status}: {content[:200]!r}"


class Session:
    """Asks an application and counts."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self.loop = Loop()

    async def row(self, what: str, make: Callable[[Random], Request], number: int) -> rows.Row:
        generator = Random(what)
        counts, longest, most, done = {trials.ANSWERED: 0, trials.REFUSED: 0}, 0.0, 0.0, 0
        together = 1 if make is forms.large else TOGETHER
        while done < number:
            requests = [make(generator) for _ in range(min(100 * (together > 1) or 1, number - done))]
            done += len(requests)
            trials.reset_peak()
            before = trials.peak()
            watching = asyncio.create_task(self.loop.watch())
            waiting = iter(requests)
            results = await asyncio.gather(*(self._ask_all(waiting) for _ in range(together)))
            watching.cancel()
            grown = trials.peak() - before
            most = max(most, grown)
            for request, how, seconds in (each for result in results for each in result):
                if seconds > SECONDS:  # once more and alone: it was perhaps the others
                    how, seconds = await self._timed(request)
                longest = max(longest, seconds)
                if grown > MEGABYTES:
                    how = f"{grown:.0f} MB more"
                if how in counts:
                    counts[how] += 1
                else:
                    trials.keep(what, request, how)
        row = rows.Row(what, number, counts[trials.ANSWERED], counts[trials.REFUSED], longest, most)
        print(row, file=sys.stderr)
        return row

    async def _ask_all(self, requests: Iterator[Request]) -> list[tuple[Request, str, float]]:
        return [(request, *await self._timed(request)) for request in requests]

    async def _timed(self, request: Request) -> tuple[str, float]:
        """How it ended, and the seconds of a core it took, with what others took meanwhile."""
        began = time.process_time()
        try:
            async with asyncio.timeout(PATIENCE):
                how = ended(request, *await ask(self._app, request))
        except TimeoutError:
            how = "hung"
        seconds = time.process_time() - began
        return (how if seconds <= SECONDS else f"slow ({how})"), seconds


def over_socket(port: int, number: int) -> rows.Row:
    """Whole requests as bytes, one in three damaged anywhere; each must get a response or be hung up on."""
    generator = Random(0)
    makers = [make for _, make in SHARES.values() if make is not forms.large]
    answered = refused = 0
    longest = 0.0
    for _ in range(number):
        request = generator.choice(makers)(generator)
        headers = {"Host": "localhost", "Content-Length": str(len(request.body)), **request.headers}
        lines = [
            f"{request.method} {request.path} HTTP/1.1",
            *(f"{name}: {each}" for name, each in headers.items()),
        ]
        content = "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape") + request.body
        damaged = generator.random() < 0.3
        if damaged:
            content = trials.mutated(content, generator)
        began = time.perf_counter()
        with socket.create_connection(("127.0.0.1", port), timeout=30) as client:
            try:
                client.sendall(content)
                received = b""
                while b"\r\n" not in received and (chunk := client.recv(1 << 16)):
                    received += chunk
            except ConnectionError:
                received = b""
        longest = max(longest, time.perf_counter() - began)
        hung_up = 400 if damaged or "Content-Length" in request.headers else 0
        status = int(received.split()[1]) if received else hung_up
        answered += 200 <= status < 300
        refused += status in streams.REFUSALS
        if not 200 <= status < 300 and status not in streams.REFUSALS:
            trials.keep("socket", content, str(status))
    row = rows.Row("through a socket, one in three damaged", number, answered, refused, longest)
    print(row, file=sys.stderr)
    return row


@contextmanager
def idle_process() -> Iterator[Callable[[], float]]:
    """A process that only sleeps: the longest that the machine itself held it up, in seconds."""
    reader, writer = os.pipe()
    pid = os.fork()
    if not pid:
        longest = 0.0
        while os.getppid() != 1:
            began = time.perf_counter()
            time.sleep(TICK)
            if (held := time.perf_counter() - began - TICK) > longest:
                longest = held
                os.write(writer, f"{longest}\n".encode())
    try:
        yield lambda: float(os.read(reader, 1 << 16).split()[-1])
    finally:
        os.kill(pid, 9)
        os.waitpid(pid, 0)


def served(module: hub.Module, number: int) -> list[rows.Row]:
    limits = Limits(head_seconds=1, body_seconds=1, idle_seconds=1)
    app = make_app(module, limits)
    server = make_server(app, limits)
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        while not app.state.service.ready:
            time.sleep(0.05)
        port = listener.getsockname()[1]
        return [over_socket(port, number), streams.row(port, number)]
    finally:
        server.should_exit = True
        thread.join()


def main(number: int, write_docs: bool) -> None:
    with tempfile.TemporaryDirectory() as folder, idle_process() as machine:
        os.environ["INCEPTION_HUB_CACHE"] = f"{folder}/cache"
        small_module(Path(folder) / "module")
        module = hub.Module(f"{folder}/module")
        app = make_app(module, Limits())
        app.state.service.warm_up()
        gc.freeze()  # as the command does
        session = Session(app)

        async def run() -> list[rows.Row]:
            return [
                await session.row(what, make, round(share * number)) for what, (share, make) in SHARES.items()
            ]

        found = asyncio.run(run())
        app.state.service.close()
        found += served(module, round(OVER_SOCKET * number))
        held = sorted(session.loop.held)
        note = (
            f"The event loop, {len(held):,} ticks: held for {1000 * held[-1]:.0f} ms at most, for "
            f"{1000 * held[int(0.9999 * len(held))]:.0f} ms in one tick of 10,000; of that its own work "
            f"{1000 * session.loop.worked:.0f} ms at most. A process that only sleeps was held up for "
            f"{1000 * machine():.0f} ms at the same time."
        )
    rows.report("server_requests", found, note, write_docs=write_docs)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--write-docs", action="store_true")
    options = parser.parse_args()
    main(options.requests, options.write_docs)
