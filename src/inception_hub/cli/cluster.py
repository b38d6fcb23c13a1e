"""`--ray`: `classify`, `embed` and `serve` on a cluster."""

import signal
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from ..errors import ArgumentError, MissingExtraError
from ..system.extras import missing as missing_extra
from .console import announce, say, tell_failures

if TYPE_CHECKING:
    from ..inference.options import Options
    from ..module import Module
    from ..server.hosts import AllowedHosts
    from ..server.limits import Limits


def on_cluster(
    address: str,
    module: "Module",
    inputs: list[str],
    options: "Options",
    format: str,
    output: str | None,
    *,
    handle: str | None,
    resume: bool,
    gallery: Path | None,
) -> None:
    """Runs `classify` or `embed` on the Ray cluster at `address`; `handle`: the module as asked for."""
    if format != "parquet" or output is None:
        raise ArgumentError("--ray writes a folder of Parquet: give --format parquet and --output.")
    if resume or gallery:
        raise ArgumentError("--resume and --gallery are one machine's; leave them out, or --ray.")
    if module.device is not None:
        raise ArgumentError("The workers of a cluster compute on CPUs; leave out --device, or --ray.")
    try:
        from ..cluster.batch_inference import InferenceTask, write_rows
        from ..cluster.connection import connected
        from ..cluster.storage import find_photos, without_credentials
    except ImportError as error:
        raise missing(error) from error
    from ..inference.pipeline import infer

    list(infer(module, (), options))  # refuses what the workers would refuse
    locations = find_photos(inputs)
    task = InferenceTask(options, module.engine, module.precision)
    announce(module, handle, names=options.kind == "predictions")
    with connected(address):
        signal.signal(signal.SIGTERM, _end)  # Ray has set its own
        summary = write_rows(module.spec.bundle, task, locations, output)
    say(f"{without_credentials(output)}: the rows of {summary.rows} photos")
    tell_failures(summary.rows, summary.failed, summary.errors)


def serve_on_cluster(
    address: str,
    module: "Module",
    limits: "Limits",
    hosts: "AllowedHosts",
    host: str,
    port: int,
    url: str,
) -> None:
    """Serves on the Ray cluster at `address` until SIGTERM or Ctrl-C."""
    import threading

    if not port:
        raise ArgumentError("Ray Serve listens on the same port of every machine; give one by --port.")
    try:
        from ..cluster.connection import connected
        from ..cluster.serving import served
    except ImportError as error:
        raise missing(error) from error
    ended = threading.Event()
    with connected(address):
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: ended.set())
        with served(module.spec.bundle, limits, hosts, module.engine, module.precision, host, port):
            say(f"Listening on {url}; to end it: Ctrl+C, or SIGTERM.")
            ended.wait()


def missing(error: ImportError) -> MissingExtraError:
    """The sentence for a library that a cluster needs."""
    return missing_extra(f"--ray needs {error.name}", "ray")


def _end(number: int, frame: object) -> NoReturn:
    raise SystemExit(128 + number)  # as shells have it; what is open is cleared up on the way
