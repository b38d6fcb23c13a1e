"""What Triton's clients ask beside inference. With its own client: test_clients.py."""

from helpers.serving import Served, jpeg


def test_the_configuration_is_that_of_the_inputs_and_outputs(server: Served) -> None:
    metadata = server.get("/v2/models/small").json
    for path in ("/v2/models/small/config", "/v2/models/small/versions/1/config"):
        config = server.get(path).json
        assert config["name"] == "small" and config["max_batch_size"] == 32
        for given, told in zip(
            config["input"] + config["output"], metadata["inputs"] + metadata["outputs"], strict=True
        ):
            assert given["name"] == told["name"]
            assert (given["data_type"], [-1, *given["dims"]]) == (f"TYPE_{told['datatype']}", told["shape"])


def test_statistics_count_photos(server: Served) -> None:
    before = server.get("/v2/models/small/stats").json["model_stats"][0]
    for _ in range(3):
        assert server.post("/classify", jpeg(1)).status == 200
    (after,) = server.get("/v2/models/stats").json["model_stats"]
    assert (after["name"], after["version"]) == ("small", "1")
    assert after["inference_count"] - before["inference_count"] == 3
    assert 1 <= after["execution_count"] - before["execution_count"] <= 3
    assert after["last_inference"] > max(before["last_inference"], 1_700_000_000_000)
    compute = after["inference_stats"]["compute_infer"]
    assert compute["count"] == after["execution_count"] and compute["ns"] > 1000


def test_the_repository_is_read_and_not_changed(server: Served) -> None:
    assert server.post("/v2/repository/index", {}).json == [
        {"name": "small", "version": "1", "state": "READY"}
    ]
    for action in ("load", "unload"):
        response = server.post(f"/v2/repository/models/small/{action}", {})
        assert response.status == 400 and "neither loaded nor unloaded" in response.error
    assert {"model_configuration", "statistics", "model_repository"} < set(
        server.get("/v2").json["extensions"]
    )
