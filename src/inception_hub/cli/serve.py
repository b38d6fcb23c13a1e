"""`serve`: the module behind a port."""

import gc
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import OutputError
from ..system.extras import missing
from .cluster import serve_on_cluster
from .console import EngineOption, ModuleOption, PrecisionOption, RayOption, announce, load, say

if TYPE_CHECKING:
    import socket


HostOption = Annotated[
    str, typer.Option("--host", help="Address to listen on; others than this one open it to the network.")
]
PortOption = Annotated[int, typer.Option("--port", min=0, max=65535, help="0: any free one.")]
AllowedHostOption = Annotated[
    list[str] | None,
    typer.Option(
        "--allowed-host",
        metavar="NAME",
        help="Answer to this host name, too, and let its pages send photos; docs/serving.md says when.",
    ),
]
LimitOption = Annotated[
    list[str] | None,
    typer.Option("--limit", metavar="NAME=VALUE", help="Change a bound; docs/serving.md lists them."),
]


def serve(
    module: ModuleOption = None,
    host: HostOption = "127.0.0.1",
    port: PortOption = 8501,
    allowed_host: AllowedHostOption = None,
    limit: LimitOption = None,
    engine: EngineOption = None,
    precision: PrecisionOption = "f32",
    ray: RayOption = None,
) -> None:
    """Serve a module over HTTP. A page, plain endpoints, TensorFlow Serving's REST, KServe's v2, metrics."""
    try:
        from ..server.app import make_app, make_server
        from ..server.hosts import AllowedHosts
        from ..server.limits import Limits
    except ImportError as error:
        raise missing(f"Serving needs {error.name}", "serve") from error
    limits = Limits().changed(limit or ())
    hosts = AllowedHosts(host, allowed_host or ())
    shown = f"[{host}]" if ":" in host else host
    listener = _listen(host, port, limits.connections)
    if ray is not None:
        listener.close()  # only to see that it can be had
        url = f"http://{shown}:{port}/"
        loaded = load(module, engine, precision)
        announce(loaded, module)
        serve_on_cluster(ray, loaded, limits, hosts, host, port, url)
        return
    loaded = load(module, engine, precision)
    app = make_app(loaded, limits, hosts)
    gc.freeze()  # looking through all that was imported, for garbage, would hold every request for 50 ms
    server = make_server(app, limits)
    announce(loaded, module)
    server.heed_signals()  # whoever reads the next line may send one at once
    say(f"Listening on http://{shown}:{listener.getsockname()[1]}/; to end it: Ctrl+C, or SIGTERM.")
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
