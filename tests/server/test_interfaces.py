"""The server by the clients people have, curl, tritonclient, a Prometheus parser: the answers of offline."""

import base64
import io
import json
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers.serving import Served, jpeg, multipart, served, wait_until
from PIL import Image
from prometheus_client.parser import text_string_to_metric_families
from tritonclient.http import InferenceServerClient, InferInput, InferRequestedOutput
from tritonclient.utils import InferenceServerException

import inception_hub as hub
from inception_hub import bundle
from inception_hub.inference.activation_maps import activation_maps
from inception_hub.inference.options import Options
from inception_hub.inference.pipeline import Photo, infer
from inception_hub.inference.row import Kind
from inception_hub.output.rows import as_record
from inception_hub.server.service import Service

MODEL = "/v1/models/small"
LOGITS, FEATURES = "image_classification", "image_feature_vector"


@pytest.fixture(scope="module")
def server(small_module: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("INCEPTION_HUB_CACHE", str(tmp_path_factory.mktemp("cache")))
        with served(small_module) as found:
            yield found


def offline(module: hub.Module, photos: dict[str, bytes], kind: Kind = "predictions") -> list[dict]:
    found = infer(module, [Photo(name, content) for name, content in photos.items()], Options(kind=kind))
    return [as_record(answer.row) for answer in found]


def same(found: dict, expected: dict) -> None:
    """Equal but for the last digits, which depend on what else was in the batch."""
    assert set(found) == set(expected)
    assert [found["path"], found["module"]] == [expected["path"], expected["module"]]
    assert found.get("vector", []) == pytest.approx(expected.get("vector", []), rel=1e-5, abs=1e-6)
    for one, other in zip(found.get("predictions", []), expected.get("predictions", []), strict=True):
        assert (one["label"], one["index"]) == (other["label"], other["index"])
        assert one["probability"] == pytest.approx(other["probability"], rel=1e-5)


def test_one_photo_gets_the_command_lines_answer(server: Served) -> None:
    photo = {"": jpeg(1)}
    same(server.post("/classify", photo[""]).json, offline(server.module, photo)[0])
    same(server.post("/embed", photo[""]).json, offline(server.module, photo, "vector")[0])
    assert len(server.post("/classify?top=3", photo[""]).json["predictions"]) == 3


def test_several_photos_get_rows_and_a_bad_one_costs_only_itself(server: Served) -> None:
    photos = {f"{i}.jpg": jpeg(i) for i in range(6)} | {"bad.jpg": jpeg(1)[:300], "7.jpg": jpeg(7)}
    body, kind = multipart(photos)
    found = server.post("/classify", body, content_type=kind)
    expected = offline(server.module, photos)
    assert found.status == 200 and "error" in found.json[6]
    for one, other in zip(found.json, expected, strict=True):
        same(one, other)


def test_heatmaps_are_exact(server: Served) -> None:
    """A map's mean and the class's bias are the logit; what is laid over the photo is its positive part."""
    images = hub.load_images([jpeg(1)], server.module)
    outputs = server.module(images, signature=LOGITS, as_dict=True)
    weights = server.module.spec.bundle.weights
    found = server.post("/explain?top=10", jpeg(1)).json
    same(
        {k: found[k] for k in ("path", "module")} | {"predictions": found["predictions"][:5]},
        offline(server.module, {"": jpeg(1)})[0],
    )
    assert found["part"] == 0.875 and found["legend"].startswith("data:image/png;base64,")
    for prediction in found["predictions"]:
        index = prediction["index"]
        (map,) = activation_maps(server.module, outputs["InceptionV2/Mixed_5c"][0], [index])
        bias = weights["InceptionV2/Logits/Conv2d_1c_1x1/biases"][index]
        assert map.mean() + bias == pytest.approx(outputs["default"][0, index], rel=1e-4, abs=1e-4)
        picture = Image.open(io.BytesIO(base64.b64decode(prediction["heatmap"].partition(",")[2])))
        opacity = np.asarray(picture)[..., 3]
        assert picture.mode == "RGBA" and opacity.shape == map.shape
        assert ((map > 0.01 * max(map.max(), 0)) & (map > 0) == (opacity > 1)).all()


def test_only_bad_photos_are_a_bad_request(server: Served) -> None:
    body, kind = multipart({"a": b"no photo", "b": b""})
    found = server.post("/classify", body, content_type=kind)
    assert found.status == 400 and "no readable image" in found.error


def test_curl(server: Served, tmp_path: Path) -> None:
    curl = shutil.which("curl")
    if curl is None:
        pytest.skip("curl is not installed")
    (tmp_path / "a.jpg").write_bytes(jpeg(1))
    one = [curl, "-s", "--data-binary", f"@{tmp_path / 'a.jpg'}", f"{server.url}/classify"]
    several = [curl, "-s", "-F", f"photos=@{tmp_path / 'a.jpg'}", f"{server.url}/embed"]
    assert json.loads(subprocess.check_output(one))["predictions"][0]["index"] in range(10)
    assert json.loads(subprocess.check_output(several))[0]["path"] == "a.jpg"


def test_tensorflow_serving_describes_the_module(server: Served) -> None:
    state = server.get(MODEL).json["model_version_status"][0]
    assert (state["version"], state["state"]) == ("1", "AVAILABLE")
    definitions = server.get(f"{MODEL}/metadata").json["metadata"]["signature_def"]["signature_def"]
    assert set(definitions) == {*server.module.get_signature_names(), "serving_default"}
    images = definitions[LOGITS]["inputs"]["images"]
    assert [d["size"] for d in images["tensor_shape"]["dim"]] == ["-1", "64", "64", "3"]
    assert server.get(f"{MODEL}/versions/1").json == server.get(MODEL).json


def test_tensorflow_serving_answers_photos_and_tensors_by_row_and_by_column(server: Served) -> None:
    files = [jpeg(i) for i in range(3)]
    images = hub.load_images(files, server.module)
    texts = [{"b64": base64.b64encode(file).decode()} for file in files]
    logits, vectors = server.module(images), server.module(images, signature=FEATURES)
    tensors = images.tolist()
    requests = [
        ({"instances": texts}, "predictions", logits),
        ({"instances": [{"images": text} for text in texts]}, "predictions", logits),
        ({"instances": tensors, "signature_name": "serving_default"}, "predictions", logits),
        ({"inputs": tensors, "signature_name": FEATURES}, "outputs", vectors),
        ({"inputs": {"images": texts}, "signature_name": LOGITS}, "outputs", logits),
        ({"inputs": texts[0]}, "outputs", logits[:1]),
    ]
    for request, key, expected in requests:
        found = server.post(f"{MODEL}:predict", request)
        assert found.status == 200, found.content
        np.testing.assert_allclose(found.json[key], expected, rtol=1e-5, atol=1e-5)
    momentum = {"images": texts, "batch_norm_momentum": 0.9}
    request = {"inputs": momentum, "signature_name": f"{LOGITS}_with_bn_hparams"}
    np.testing.assert_allclose(
        server.post(f"{MODEL}:predict", request).json["outputs"], logits, rtol=1e-5, atol=1e-5
    )


def test_tensorflow_serving_takes_integers_for_numbers(server: Served) -> None:
    black = [[[0, 0, 0]] * 64] * 64
    found = server.post(f"{MODEL}:predict", {"instances": [black]}).json["predictions"]
    expected = server.module(np.zeros((1, 64, 64, 3), np.float32))
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


def test_tensorflow_serving_classifies_examples(server: Served) -> None:
    example = {"image/encoded": {"b64": base64.b64encode(jpeg(1)).decode()}}
    found = server.post(f"{MODEL}:classify", {"examples": [example]}).json["results"]
    expected = offline(server.module, {"": jpeg(1)})[0]["predictions"]
    assert len(found[0]) == 10
    assert [label for label, _ in found[0][:5]] == [each["label"] for each in expected]


def test_tritonclient(server: Served) -> None:
    client = InferenceServerClient(f"127.0.0.1:{server.port}")
    try:
        assert client.is_server_live() and client.is_server_ready() and client.is_model_ready("small")
        assert "binary_tensor_data" in client.get_server_metadata()["extensions"]
        about = client.get_model_metadata("small")
        assert about["inputs"][0]["shape"] == [-1, 64, 64, 3]
        images = np.random.default_rng(0).random((5, 64, 64, 3), np.float32)
        expected = {"image_classification": server.module(images)}
        expected["image_feature_vector"] = server.module(images, signature=FEATURES)
        exponentials = np.exp(expected[LOGITS])
        expected["InceptionV2/Predictions"] = exponentials / exponentials.sum(1, keepdims=True)
        assert [output["name"] for output in about["outputs"]] == list(
            {LOGITS: 0, "InceptionV2/Predictions": 0, FEATURES: 0}
        )
        for binary_in in (True, False):
            tensor = InferInput("images", images.shape, "FP32")
            tensor.set_data_from_numpy(images, binary_data=binary_in)
            for binary_out in (True, False, None):
                outputs = (
                    None
                    if binary_out is None
                    else [InferRequestedOutput(name, binary_data=binary_out) for name in expected]
                )
                found = client.infer("small", [tensor], outputs=outputs, request_id="mine")
                assert found.get_response()["id"] == "mine"
                for name, values in expected.items():
                    np.testing.assert_allclose(found.as_numpy(name), values, rtol=1e-4, atol=1e-5)
        with pytest.raises(InferenceServerException, match="no output"):
            client.infer("small", [tensor], outputs=[InferRequestedOutput("nothing")])
    finally:
        client.close()


def test_tritonclient_sends_photos(server: Served) -> None:
    files = [jpeg(1), jpeg(2, 200, 90)]
    client = InferenceServerClient(f"127.0.0.1:{server.port}")
    try:
        tensor = InferInput("images", [2], "BYTES")
        tensor.set_data_from_numpy(np.array(files, object))
        found = client.infer("small", [tensor]).as_numpy(LOGITS)
    finally:
        client.close()
    expected = server.module(hub.load_images(files, server.module))
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)
    photo = {"name": "images", "datatype": "BYTES", "shape": [1]}
    photo["data"] = [base64.b64encode(files[0]).decode()]
    answer = server.post("/v2/models/small/infer", {"inputs": [photo], "outputs": [{"name": LOGITS}]}).json
    np.testing.assert_allclose([answer["outputs"][0]["data"]], expected[:1], rtol=1e-5, atol=1e-5)


def test_prometheus_reads_the_metrics(server: Served) -> None:
    server.post("/classify", jpeg(1))
    server.post("/classify", b"no photo")
    found = server.get("/metrics")
    samples = {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(found.content.decode())
        for sample in family.samples
    }
    assert samples["inception_hub_requests_total", ("/classify", "200")] >= 1
    assert samples["inception_hub_requests_total", ("/classify", "400")] >= 1
    assert samples["inception_hub_photos_inside", ()] == 0
    assert samples["inception_hub_batch_photos_count", ()] >= 1


def test_a_feature_vector_module_has_no_classes(small_module: Path, tmp_path: Path) -> None:
    bundle.write(bundle.read(small_module).without_head(), tmp_path / "features")
    with served(tmp_path / "features") as server:
        assert server.post("/classify", jpeg(1)).status == 404
        assert len(server.post("/embed", jpeg(1)).json["vector"]) == 256
        text = {"b64": base64.b64encode(jpeg(1)).decode()}
        assert len(server.post(f"{MODEL}:predict", {"instances": [text]}).json["predictions"][0]) == 256
        outputs = server.get("/v2/models/small").json["outputs"]
        assert [output["name"] for output in outputs] == [FEATURES]


def test_answers_that_are_no_numbers_are_refused(small_module: Path, tmp_path: Path) -> None:
    made = bundle.read(small_module)
    name = "InceptionV2/Logits/Conv2d_1c_1x1/weights"
    huge = {**made.weights, name: np.full_like(made.weights[name], 3e38)}
    bundle.write(replace(made, weights=huge), tmp_path / "huge")
    text = {"b64": base64.b64encode(jpeg(1)).decode()}
    with served(tmp_path / "huge") as server:
        for found in (
            server.post("/classify", jpeg(1)),
            server.post("/explain", jpeg(1)),
            server.post(f"{MODEL}:predict", {"instances": [text]}),
        ):
            assert found.status == 400 and "small computed numbers that are not finite" in found.error
        assert len(server.post("/embed", jpeg(1)).json["vector"]) == 256


def test_a_module_that_cannot_be_warmed_up_ends_the_command(small_module: Path, tmp_path: Path) -> None:
    shutil.copytree(small_module, tmp_path / "module")
    bundle.add_int8(tmp_path / "module", {}, {})
    command = [sys.executable, "-m", "inception_hub", "serve", "--port", "0", "--precision", "int8"]
    done = subprocess.run(
        [*command, "--module", tmp_path / "module"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2
    last = done.stderr.splitlines()[-1]
    assert last.startswith("inception-hub: The int8 graph does not fit its network: missing: ")
    assert len(done.stderr.splitlines()) == 3  # the module, the address, the reason


def test_the_command_serves_and_drains(small_module: Path) -> None:
    command = [sys.executable, "-m", "inception_hub", "serve", "--module", str(small_module), "--port", "0"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        assert "Answering with small" in process.stderr.readline()
        line = process.stderr.readline()
        port = int(line.split("127.0.0.1:")[1].split("/")[0])
        client = Served(None, port)  # type: ignore[arg-type]
        wait_until(lambda: client.get("/v2/health/ready").status == 200)
        with client.connect() as slow:
            body = jpeg(1)
            slow.sendall(b"POST /classify HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(body))
            wait_until(lambda: client.get("/metrics").status == 200)  # one round: the head has been read
            process.send_signal(signal.SIGTERM)
            wait_until(lambda: _refuses(client))
            slow.sendall(body)
            assert slow.recv(100).startswith(b"HTTP/1.1 200")
        assert process.wait(30) == 0
        assert process.stderr.read() == ""
    finally:
        process.kill()
        process.wait()
        if process.stderr:
            process.stderr.close()


def _refuses(client: Served) -> bool:
    try:
        client.connect().close()
    except OSError:
        return True
    return False


def test_until_it_is_warm_a_server_says_so(small_module: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled, warm_up = threading.Event(), Service.warm_up

    def slow(service: Service) -> None:
        compiled.wait()
        warm_up(service)

    monkeypatch.setattr(Service, "warm_up", slow)
    with served(small_module, warm=False) as server:
        try:
            for path in ("/v2/health/ready", "/v2/models/small/ready", "/v2/models/small/versions/1/ready"):
                found = server.get(path)
                assert found.status == 503 and "not ready" in found.error
            assert server.get("/v2/health/live").json == {"live": True}
            assert server.get(MODEL).json["model_version_status"][0]["state"] == "LOADING"
            for path in ("/classify", f"{MODEL}:predict", "/v2/models/small/infer"):
                found = server.post(path, jpeg(1))
                assert found.status == 503 and "still warming up" in found.error
                assert found.headers["retry-after"] == "1"
        finally:
            compiled.set()
        wait_until(lambda: server.get("/v2/models/small/ready").status == 200)
        assert server.get(MODEL).json["model_version_status"][0]["state"] == "AVAILABLE"
        assert server.post("/classify", jpeg(1)).status == 200


def test_figures_are_kept_by_route_never_by_what_a_client_asked(server: Served) -> None:
    """Each label is a series kept for ever: a client's own words would have no end, and may be secret."""
    assert server.get("/no/such/secret-9f2").status == 404
    assert server.post("/classify?top=3&secret-9f2", jpeg(1)).status == 200
    text = server.get("/metrics").content.decode()
    assert "secret" not in text
    assert 'inception_hub_requests_total{path="other",status="404"}' in text
