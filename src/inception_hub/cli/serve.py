"""`serve`: the module behind a port."""

import gc
from typing import Annotated

import typer

from ..system.extras import missing
from .cluster import serve_on_cluster
from .console import EngineOption, ModuleOption, PrecisionOption, RayOption, announce, load, say

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
OriginOption = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-origin",
        metavar="ORIGIN",
        help="Let pages of https://HOST send photos and read responses (CORS); * for all; repeatable.",
    ),
]
PrefixOption = Annotated[
    str, typer.Option("--root-path", metavar="PREFIX", help="Of all paths, as a proxy in front has them.")
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
    allow_origin: OriginOption = None,
    root_path: PrefixOption = "",
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
        from ..server.listening import check_files, listen
        from ..server.routing import checked_prefix
    except ImportError as error:
        raise missing(f"Serving needs {error.name}", "serve") from error
    limits = Limits().changed(limit or ())
    hosts = AllowedHosts(host, allowed_host or (), allow_origin or ())
    prefix = checked_prefix(root_path)
    listeners = listen(host, port, limits.waiting)
    shown = f"[{host}]" if ":" in host else host
    url = f"http://{shown}:{listeners[0].getsockname()[1]}{prefix}/"
    if ray is not None:
        for listener in listeners:
            listener.close()  # only to see that they can be had
        loaded = load(module, engine, precision)
        announce(loaded, module)
        serve_on_cluster(ray, loaded, limits, hosts, host, port, url)
        return
    check_files(limits, len(listeners))
    loaded = load(module, engine, precision)
    app = make_app(loaded, limits, hosts, prefix)
    gc.freeze()  # looking through all that was imported, for garbage, would hold every request for 50 ms
    server = make_server(app, limits)
    announce(loaded, module)
    server.heed_signals()  # whoever reads the next line may send one at once
    say(f"Listening on {url}; to end it: Ctrl+C, or SIGTERM.")
    server.run(sockets=listeners)
    if (failure := app.state.service.failure) is not None:
        raise failure
