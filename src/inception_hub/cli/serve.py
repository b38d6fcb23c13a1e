"""`serve`: the module behind a port."""

from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import MissingExtraError, OutputError
from .cluster import serve_on_cluster
from .console import EngineOption, ModuleOption, PrecisionOption, RayOption, load, say

if TYPE_CHECKING:
    import socket


HostOption = Annotated[
    str, typer.Option("--host", help="Address to listen on; others than this one open it to the network.")
]
PortOption = Annotated[int, typer.Option("--port", min=0, max=65535, help="0: any free one.")]
LimitOption = Annotated[
    list[str] | None,
    typer.Option("--limit", metavar="NAME=VALUE", help="Change a bound; docs/serving.md lists them."),
]


def serve(
    module: ModuleOption = None,
    host: HostOption = "127.0.0.1",
    port: PortOption = 8501,
    limit: LimitOption = None,
    engine: EngineOption = None,
    precision: PrecisionOption = "f32",
    ray: RayOption = None,
) -> None:
    """Answer over HTTP: a page, plain endpoints, TensorFlow Serving's REST, KServe's protocol, metrics."""
    import signal

    try:
        from ..server.app import make_app, make_server
        from ..server.limits import Limits
    except ImportError as error:
        raise MissingExtraError(
            f"Serving needs {error.name}, which is not installed: pip install 'inception-hub[serve]'."
        ) from error
    limits = Limits().changed(limit or ())
    shown = f"[{host}]" if ":" in host else host
    listener = _listen(host, port, limits.connections)
    if ray is not None:
        listener.close()  # only to see that it can be had
        serve_on_cluster(ray, load(module, engine, precision), limits, host, port, f"http://{shown}:{port}/")
        return
    app = make_app(load(module, engine, precision), limits)
    server = make_server(app, limits)
    say(f"Listening on http://{shown}:{listener.getsockname()[1]}/; to end it: Ctrl+C, or SIGTERM.")
    # uvicorn drains at these and raises them again afterwards, to whatever stands here.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    server.run(sockets=[listener])
    if (failure := app.state.service.failure) is not None:
        raise failure


def _listen(host: str, port: int, backlog: int) -> "socket.socket":
    import socket

    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family, backlog=backlog)  # pyright: ignore
    except OSError as error:
        raise OutputError(
            f"{host} port {port} cannot be listened on ({error.strerror or error}); give another --host or "
            "--port."
        ) from error
