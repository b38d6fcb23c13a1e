"""`serve` on a cluster: Ray Serve runs the application in as many replicas as there is work for."""
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
from ..server.hosts import AllowedHosts
from ..server.limits import Limits
from . import CORES
from .error_text import one_line

NAME = "inception-hub"
MAX_REPLICAS = 100  # those without a free core wait until machines are added


@contextmanager
def served(
    bundle: Bundle,
    limits: Limits,
    hosts: AllowedHosts,
    engine: EngineName,
    precision: Precision,
    host: str,
    port: int,
) -> Iterator[None]:
    """Serves the application at `host` and `port` of every machine with a replica, for the block.

    At the end, requests under way are finished. Each replica takes a core and keeps to `limits` by itself.
    Raises `OutputError` where the cluster cannot serve.
    """
    shared_bundle = ray.put(bundle.in_memory())

    def build() -> FastAPI:
        spec = ModuleSpec(ray.get(shared_bundle))
        app = make_app(Module(spec, engine=engine, precision=precision, cores=CORES), limits, hosts)
        app.state.service.warm_up()  # Ray sends requests from here on
        return app

    deployment = serve.deployment(
        name=NAME,
        ray_actor_options={"num_cpus": CORES},
        max_ongoing_requests=limits.connections,  # the application refuses more than its own limits
        graceful_shutdown_timeout_s=limits.drain_seconds,
        autoscaling_config={
            "min_replicas": 1,
            "max_replicas": MAX_REPLICAS,
            "target_ongoing_requests": BATCH_SIZE,
        },
    )
    logging.getLogger("ray.serve").setLevel(logging.ERROR)
    try:
        serve.start(http_options={"host": host, "port": port})
        serve.run(deployment(serve.ingress(build)()).bind(), name=NAME, route_prefix="/")
    except RuntimeError as error:
        serve.shutdown()
        raise OutputError(f"The cluster cannot serve ({one_line(error)}); Ray's logs say more.") from error
    try:
        yield
    finally:
        serve.delete(NAME)  # waits for the requests under way, which shutdown does not
        serve.shutdown()
