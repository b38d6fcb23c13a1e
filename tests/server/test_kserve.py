"""KServe's Open Inference Protocol: by Triton's client, in JSON and in binary; bad requests."""

import base64
import json
import struct
from typing import Any

import numpy as np
import pytest
from helpers.serving import Served, jpeg
from tritonclient.http import InferenceServerClient, InferInput, InferRequestedOutput
from tritonclient.utils import InferenceServerException

import inception_hub as hub

INFER = "/v2/models/small/infer"
LOGITS, FEATURES = "image_classification", "image_feature_vector"


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
                response = client.infer("small", [tensor], outputs=outputs, request_id="mine")
                assert response.get_response()["id"] == "mine"
                for name, values in expected.items():
                    np.testing.assert_allclose(response.as_numpy(name), values, rtol=1e-4, atol=1e-5)
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
        response = client.infer("small", [tensor]).as_numpy(LOGITS)
    finally:
        client.close()
    expected = server.module(hub.load_images(files, server.module))
    np.testing.assert_allclose(response, expected, rtol=1e-5, atol=1e-5)
    photo = {"name": "images", "datatype": "BYTES", "shape": [1]}
    photo["data"] = [base64.b64encode(files[0]).decode()]
    answer = server.post("/v2/models/small/infer", {"inputs": [photo], "outputs": [{"name": LOGITS}]}).json
    np.testing.assert_allclose([answer["outputs"][0]["data"]], expected[:1], rtol=1e-5, atol=1e-5)


@pytest.mark.usefixtures("unharmed")
@pytest.mark.parametrize(
    ("change", "header", "behind"),
    [
        ({"shape": [1, 64, 64]}, None, b""),
        ({"shape": [-1, 64, 64, 3]}, None, b""),
        ({"shape": [2, 64, 64, 3]}, None, b""),
        ({"shape": [1]}, None, b""),
        ({"shape": [2**31]}, None, b""),
        ({"shape": [2**30] * 5}, None, b""),
        ({"shape": [1] * 65, "data": [1.0]}, None, b""),
        ({"shape": [2**31 - 1] * 200_000}, None, b""),
        ({"shape": [0, 2**31 - 1, 2**31 - 1, 2**31 - 1], "data": []}, None, b""),
        ({"shape": [0], "data": []}, None, b""),
        ({"shape": [float("1e400")]}, None, b""),
        ({"datatype": [0] * 300_000}, None, b""),
        ({"name": "\ud800" * 300_000}, None, b""),
        ({"shape": [True]}, None, b""),
        ({"datatype": "UINT8"}, None, b""),
        ({"datatype": None}, None, b""),
        ({"name": "other"}, None, b""),
        ({"data": "AAAA"}, None, b""),
        ({"data": {"a": 1}}, None, b""),
        ({"parameters": {"shared_memory_region": "x"}}, None, b""),
        ({"parameters": ["shared_memory_region"]}, None, b""),
        ({"parameters": {"binary_data_size": 4}}, None, b""),
        ({"parameters": {"binary_data_size": -1}, "data": None}, "auto", b"abc"),
        ({"parameters": {"binary_data_size": 10**30}}, "auto", b"abc"),
        ({}, "auto", b"abc"),
        ({}, "99999", b""),
        ({}, "-1", b""),
        ({}, "1" * 5000, b""),
        ({}, "x", b""),
    ],
)
def test_bad_inference_requests(
    server: Served, change: dict[str, Any], header: str | None, behind: bytes
) -> None:
    tensor = {"name": "images", "datatype": "FP32", "shape": [1, 64, 64, 3], "data": [0.5] * (64 * 64 * 3)}
    body = json.dumps({"inputs": [tensor | change]}).encode()
    headers = {}
    if header:
        headers["Inference_Header_Content_Length"] = str(len(body)) if header == "auto" else header
    response = server.post(INFER, body.replace(b"Infinity", b"1e400") + behind, **headers)
    assert response.status == 400 and response.error


@pytest.mark.usefixtures("unharmed")
def test_binary_texts_that_claim_more_than_there_is(server: Served) -> None:
    for binary in (b"abc", struct.pack("<I", 2**32 - 1), struct.pack("<I", 5) + b"abcd"):
        tensor = {"name": "images", "datatype": "BYTES", "shape": [1]}
        tensor["parameters"] = {"binary_data_size": len(binary)}
        body = json.dumps({"inputs": [tensor]}).encode()
        response = server.post(INFER, body + binary, Inference_Header_Content_Length=str(len(body)))
        assert response.status == 400 and "ends within" in response.error


@pytest.mark.usefixtures("unharmed")
def test_names_of_requests_come_back_whatever_they_hold(server: Served) -> None:
    photo = {
        "name": "images",
        "datatype": "BYTES",
        "shape": [1],
        "data": [base64.b64encode(jpeg(1)).decode()],
    }
    for name, status in (("mine", 200), ("\ud800", 200), ("a" * 1000, 200), ("a" * 1001, 400), (7, 400)):
        for binary in (False, True):
            request = {"id": name, "inputs": [photo], "parameters": {"binary_data_output": binary}}
            response = server.post(INFER, request)
            assert response.status == status
            if name == "mine":
                assert b'"mine"' in response.content


@pytest.mark.usefixtures("unharmed")
def test_elements_beyond_the_limit_are_not_even_listed(strict_server: Served) -> None:
    binary = bytes(4 * 100_000)  # as many empty photos
    tensor = {"name": "images", "datatype": "BYTES", "shape": [100_000]}
    tensor["parameters"] = {"binary_data_size": len(binary)}
    body = json.dumps({"inputs": [tensor]}).encode()
    response = strict_server.post(INFER, body + binary, Inference_Header_Content_Length=str(len(body)))
    assert response.status == 413 and "5 images" in response.error


def test_members_that_clients_add_are_heeded(server: Served) -> None:
    """KServe's SDK sends `model_name`; clients may send parameters that a server does not know."""
    photo = {
        "name": "images",
        "datatype": "BYTES",
        "shape": [1],
        "data": [base64.b64encode(jpeg(1)).decode()],
    }
    path, plain = "/v2/models/small/infer", {"inputs": [photo]}
    expected = server.post(path, plain).json
    for more in (
        {"model_name": "small"},
        {"model_name": None, "model_version": ""},
        {"model_name": "small", "model_version": "1", "parameters": {"priority": 1, "timeout": 7}},
        {"parameters": None},
        {"inputs": [{**photo, "parameters": {"content_type": "base64"}}]},
        {"outputs": [{**output, "parameters": {"mine": {}}} for output in _named(expected)]},
    ):
        assert server.post(path, {**plain, **more}).json == expected, more
    for more in (
        {"model_name": "other"},
        {"model_version": "2"},
        {"parameters": {"sequence_id": 7}},
        {"outputs": [{"name": "image_classification", "parameters": {"classification": 3}}]},
        {"unknown": 1},
    ):
        response = server.post(path, {**plain, **more})
        assert response.status == 400 and response.error, more


def _named(response: dict[str, Any]) -> list[dict[str, str]]:
    return [{"name": output["name"]} for output in response["outputs"]]
