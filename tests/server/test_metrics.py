"""The metrics: as Prometheus reads them, under the documented names."""

from helpers.serving import Served, jpeg
from prometheus_client.parser import text_string_to_metric_families

from inception_hub.server.metrics import Metrics


def test_prometheus_reads_the_metrics(server: Served) -> None:
    server.post("/classify", jpeg(1))
    server.post("/classify", b"no photo")
    response = server.get("/metrics")
    samples = {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(response.content.decode())
        for sample in family.samples
    }
    assert samples["inception_hub_requests_total", ("/classify", "200")] >= 1
    assert samples["inception_hub_requests_total", ("/classify", "400")] >= 1
    assert samples["inception_hub_photos_inside", ()] == 0
    assert samples["inception_hub_batch_photos_count", ()] >= 1


def test_every_server_has_figures_of_its_own_under_the_documented_names() -> None:
    metrics, other = Metrics(), Metrics()
    metrics.requests.labels("/classify", "200").inc()
    metrics.seconds.labels("/classify").observe(0.1)
    metrics.photos_inside.set(3)
    metrics.batch_photos.observe(4)
    metrics.photos_dropped.inc()
    metrics.decodes_overrun.inc()
    with metrics.stage("decode"):
        pass
    text = metrics.text().decode()
    for sample in (
        'inception_hub_requests_total{path="/classify",status="200"} 1.0',
        'inception_hub_request_seconds_count{path="/classify"} 1.0',
        "inception_hub_photos_inside 3.0",
        "inception_hub_batch_photos_sum 4.0",
        "inception_hub_photos_dropped_total 1.0",
        "inception_hub_decodes_overrun_total 1.0",
        'inception_hub_stage_seconds_count{stage="decode"} 1.0',
    ):
        assert f"\n{sample}\n" in text
    assert "inception_hub_photos_inside 0.0" in other.text().decode()
