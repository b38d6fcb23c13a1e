"""TensorFlow Serving's REST interface: the signatures' outputs, by row and by column; bad requests."""

import base64

import numpy as np
import pytest
from helpers.serving import Served, jpeg, offline

import inception_hub as hub

MODEL = "/v1/models/small"
LOGITS, FEATURES = "image_classification", "image_feature_vector"


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
        response = server.post(f"{MODEL}:predict", request)
        assert response.status == 200, response.content
        np.testing.assert_allclose(response.json[key], expected, rtol=1e-5, atol=1e-5)
    momentum = {"images": texts, "batch_norm_momentum": 0.9}
    request = {"inputs": momentum, "signature_name": f"{LOGITS}_with_bn_hparams"}
    np.testing.assert_allclose(
        server.post(f"{MODEL}:predict", request).json["outputs"], logits, rtol=1e-5, atol=1e-5
    )


def test_tensorflow_serving_takes_integers_for_numbers(server: Served) -> None:
    black = [[[0, 0, 0]] * 64] * 64
    response = server.post(f"{MODEL}:predict", {"instances": [black]}).json["predictions"]
    expected = server.module(np.zeros((1, 64, 64, 3), np.float32))
    np.testing.assert_allclose(response, expected, rtol=1e-5, atol=1e-5)


def test_tensorflow_serving_classifies_examples(server: Served) -> None:
    example = {"image/encoded": {"b64": base64.b64encode(jpeg(1)).decode()}}
    response = server.post(f"{MODEL}:classify", {"examples": [example]}).json["results"]
    expected = offline(server.module, {"": jpeg(1)})[0]["predictions"]
    assert len(response[0]) == 10
    assert [label for label, _ in response[0][:5]] == [each["label"] for each in expected]


@pytest.mark.usefixtures("unharmed")
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[1]",
        b"{",
        b"\xff\xfe{}",
        b'{"instances": NaN}',
        b'{"instances": [1e999]}',
        b'{"instances": 1' + b"0" * 5000 + b"}",
        b"{}",
        b'{"instances": []}',
        b'{"instances": {}}',
        b'{"instances": [{}]}',
        b'{"instances": [{"b64": 1}]}',
        b'{"instances": [{"b64": "***"}]}',
        b'{"instances": [{"b64": "AAAA", "url": "file:///etc/passwd"}]}',
        b'{"instances": [[1, 2], [3]]}',
        b'{"instances": [[[["a"]]]]}',
        b'{"instances": [[[[0.5, 0.5, 0.5]]]]}',
        b'{"instances": [[[[0.5]]]], "inputs": 1}',
        b'{"inputs": {"images": [], "more": 1}}',
        b'{"inputs": {"b64": "AAAA"}, "signature_name": "none"}',
        b'{"inputs": {"b64": "AAAA"}, "signature_name": "\\ud800"}',
        b'{"inputs": {"' + b"a" * 5000 + b'": 1}}',
        b'{"inputs": {"images": {"b64": "AAAA"}, "batch_norm_momentum": ' + b"9" * 4000 + b"},"
        b' "signature_name": "image_classification_with_bn_hparams"}',
        b'{"inputs": {"images": {"b64": "AAAA"}, "batch_norm_momentum": [0]},'
        b' "signature_name": "image_classification_with_bn_hparams"}',
        b'{"inputs": {"b64": "AAAA"}, "signature_name": 7}',
        b'{"inputs": {"b64": "AAAA"}, "model": "../../etc"}',
        b'{"inputs": {"images": {"b64": "AAAA"}, "batch_norm_momentum": 7},'
        b' "signature_name": "image_classification_with_bn_hparams"}',
    ],
)
def test_bad_tensorflow_serving_requests(server: Served, body: bytes) -> None:
    for path in (f"{MODEL}:predict", f"{MODEL}:classify", "/v2/models/small/infer"):
        response = server.post(path, body)
        assert response.status == 400 and response.error


@pytest.mark.usefixtures("unharmed")
def test_elements_beyond_the_limit_are_counted_before_they_are_built(strict_server: Served) -> None:
    for element in (b'""', b'{"b64":""}', b'{"images":{"b64":""}}'):
        response = strict_server.post(
            f"{MODEL}:predict", b'{"instances":[' + element + (b"," + element) * 40_000 + b"]}"
        )
        assert response.status == 413 and "80 strings" in response.error
    response = strict_server.post(f"{MODEL}:classify", {"examples": [{"image/encoded": {"b64": "*"}}] * 5})
    assert response.status == 413 and "5 images" in response.error
