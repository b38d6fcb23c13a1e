"""Metrics for Prometheus: requests, photos held, batches, time by stage, photos dropped."""

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
)
from prometheus_client.context_managers import Timer
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

SECONDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)


class Metrics:
    """The metrics of one server, in a registry of their own."""

    content_type = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.last_inference = 0.0  # s since 1970; 0 for none
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self.requests = Counter(
            "inception_hub_requests", "Requests answered", ("path", "status"), registry=self.registry
        )
        self.seconds = Histogram(
            "inception_hub_request_seconds",
            "From a request's head to its response",
            ("path",),
            buckets=SECONDS,
            registry=self.registry,
        )
        self.photos_inside = Gauge(
            "inception_hub_photos_inside", "Photos accepted and not yet answered", registry=self.registry
        )
        self.batch_photos = Histogram(
            "inception_hub_batch_photos", "Photos of a batch", buckets=(1, 2, 3, 4), registry=self.registry
        )
        self.photos_dropped = Counter(
            "inception_hub_photos_dropped",
            "Photos nobody waited for any more, not computed",
            registry=self.registry,
        )
        self.decodes_overrun = Counter(
            "inception_hub_decodes_overrun",
            "Photos whose decoding outlasted the deadline, left to a thread of their own",
            registry=self.registry,
        )
        self._stages = Histogram(
            "inception_hub_stage_seconds",
            "Decoding and resizing a photo; computing a batch",
            ("stage",),
            buckets=SECONDS,
            registry=self.registry,
        )

    def stage(self, name: str) -> Timer:
        """A context that times its block as the stage `name`."""
        return self._stages.labels(name).time()

    def value(self, name: str, **labels: str) -> float:
        """The current value of a sample; 0 where it was never counted."""
        return self.registry.get_sample_value(name, labels) or 0.0

    def text(self) -> bytes:
        """The current values in Prometheus' text format."""
        return generate_latest(self.registry)
