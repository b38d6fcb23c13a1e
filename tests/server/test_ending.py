"""How the server ends: at a signal whenever it comes, in its time whatever is under way."""

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers.serving import Served, jpeg, wait_until

HELD = """
import sys, threading
from inception_hub.server import service
held = threading.Event()
def decode_and_resize(*arguments, **options):
    print("decoding", file=sys.stderr, flush=True)
    held.wait()
assert service.decode_and_resize
service.decode_and_resize = decode_and_resize
from inception_hub.cli import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture
def started(small_module: Path):  # type: ignore[no-untyped-def]
    """Starts `serve`, with a program in its place or not, and gives it with its port once it listens."""
    processes: list[subprocess.Popen[str]] = []

    def start(*options: str, program: str | None = None) -> tuple["subprocess.Popen[str]", int]:
        python = (
            [sys.executable, "-m", "inception_hub"] if program is None else [sys.executable, "-c", program]
        )
        command = [*python, "serve", "--module", str(small_module), "--port", "0", *options]
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        processes.append(process)
        assert process.stderr is not None
        assert "Answering with small" in process.stderr.readline()
        return process, int(process.stderr.readline().split("127.0.0.1:")[1].split("/")[0])

    yield start
    for process in processes:
        process.kill()
        process.wait()
        if process.stderr:
            process.stderr.close()


Start = Callable[..., tuple["subprocess.Popen[str]", int]]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_right_after_listening_is_heeded(started: Start, number: signal.Signals) -> None:
    process, _ = started()
    process.send_signal(number)
    assert process.wait(60) == 0


def test_a_photo_that_is_never_decoded_does_not_keep_the_process(started: Start) -> None:
    process, port = started("--limit", "drain_seconds=1", program=HELD)
    client = Served(None, port)  # type: ignore[arg-type]
    wait_until(lambda: client.get("/v2/health/ready").status == 200)
    with client.connect() as waiting:
        body = jpeg(1)
        waiting.sendall(
            b"POST /classify HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(body)
        )
        waiting.sendall(body)
        assert process.stderr is not None and process.stderr.readline() == "decoding\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
