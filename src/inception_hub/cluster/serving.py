"""`serve` over a cluster: the same application in as many replicas as there is work for, by Ray Serve."""
# pyright: reportMissingImports=false

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import ray
from fastapi import FastAPI
from ray import serve

from ..bundle import Bundle
from ..engines import EngineName, Precision
from ..errors import OutputError
from ..inference.pipeline import BATCH_SIZE
from ..module import Module
from ..module_spec import ModuleSpec
from ..server.app import make_app
from ..server.limits import Limits
from . import CORES

NAME = "inception-hub"
MOST = 100  # replicas; where there are no cores for them they wait for machines to come


@contextmanager
def served(
    bundle: Bundle, limits: Limits, engine: EngineName, precision: Precision, host: str, port: int
) -> Iterator[None]:
    """The application at `host` and `port` of every machine with a replica, until the block ends; it drains.

    Each replica takes a core and keeps to `limits` by itself. Raises `OutputError` where the cluster cannot.
    """
    module = ray.put(bundle.in_memory())

    def build() -> FastAPI:
        spec = ModuleSpec(ray.get(module))
        app = make_app(Module(spec, engine=engine, precision=precision, cores=CORES), limits)
        app.state.service.warm_up()  # Ray sends requests from here on
        return app

    deployment = serve.deployment(
        name=NAME,
        ray_actor_options={"num_cpus": CORES},
        max_ongoing_requests=limits.connections,  # the application's own bounds are below
        graceful_shutdown_timeout_s=limits.drain_seconds,
        autoscaling_config={
            "min_replicas": 1,
            "max_replicas": MOST,
            "target_ongoing_requests": BATCH_SIZE,
        },
    )
    logging.getLogger("ray.serve").setLevel(logging.ERROR)
    try:
        serve.start(http_options={"host": host, "port": port})
        serve.run(deployment(serve.ingress(build)()).bind(), name=NAME, route_prefix="/")
    except RuntimeError as error:
        serve.shutdown()
        reason = " ".join(str(error).split())[:300].rstrip(".")
        raise OutputError(f"The cluster cannot serve ({reason}); Ray's logs say more.") from error
    try:
        yield
    finally:
        serve.delete(NAME)  # waits for what is under way, which to shut down does not
        serve.shutdown()
