"""What clients of other projects get from a server: `foreign_clients.py PORT MODEL PHOTO`.

Prints a JSON object of results by client: for inference the probabilities of all classes of the photo.
"""

import asyncio
import base64
import gzip
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import requests
import tritonclient.http as triton
from kserve import InferenceRESTClient, InferInput, InferRequest, RESTConfig

PORT, MODEL, PHOTO = int(sys.argv[1]), sys.argv[2], Path(sys.argv[3]).read_bytes()
URL = f"http://127.0.0.1:{PORT}"
PREDICTIONS = "InceptionV2/Predictions"


async def by_kserve() -> dict[str, Any]:
    client = InferenceRESTClient(RESTConfig(protocol="v2"))
    text = InferInput("images", [1], "BYTES", data=[base64.b64encode(PHOTO).decode()])
    binary = InferInput("images", [1], "BYTES")
    binary.set_data_from_numpy(np.array([PHOTO], np.object_))
    found: dict[str, Any] = {
        "live": await client.is_server_live(URL),
        "ready": await client.is_server_ready(URL),
        "model ready": await client.is_model_ready(URL, MODEL),
    }
    for name, given in {"JSON": text, "binary": binary}.items():
        request = InferRequest(MODEL, [given], parameters={"priority": 1})
        response = await client.infer(URL, request, model_name=MODEL)
        found[name] = _output(response.outputs)
    await client.close()
    return found


def _output(outputs: Any) -> list[float]:
    (output,) = [each for each in outputs if each.name == PREDICTIONS]
    return output.as_numpy().ravel().tolist()


def by_triton() -> dict[str, Any]:
    client = triton.InferenceServerClient(f"127.0.0.1:{PORT}")
    given = triton.InferInput("images", [1], "BYTES")
    given.set_data_from_numpy(np.array([PHOTO], np.object_))
    asked = [triton.InferRequestedOutput(PREDICTIONS, binary_data=binary) for binary in (True, False)]
    found: dict[str, Any] = {
        "live": client.is_server_live(),
        "ready": client.is_server_ready(),
        "model ready": client.is_model_ready(MODEL),
        "metadata": client.get_model_metadata(MODEL)["name"],
        "config": client.get_model_config(MODEL)["max_batch_size"],
        "index": client.get_model_repository_index(),
    }
    for name, output, compression in (
        ("binary", asked[0], None),
        ("JSON", asked[1], None),
        ("gzip", asked[0], "gzip"),
    ):
        response = client.infer(MODEL, [given], outputs=[output], request_compression_algorithm=compression)
        found[name] = response.as_numpy(PREDICTIONS).ravel().tolist()
    found["statistics"] = client.get_inference_statistics(MODEL)["model_stats"][0]["inference_count"]
    return found


def by_requests() -> dict[str, Any]:
    """TensorFlow Serving's REST, with base64 as each ecosystem writes it, and the plain endpoint."""
    padded = base64.b64encode(PHOTO).decode()
    written = {
        "plain": padded,
        "without padding": padded.rstrip("="),
        "lines": base64.encodebytes(PHOTO).decode(),
        "MIME": "\r\n".join(padded[i : i + 76] for i in range(0, len(padded), 76)),
        "for URLs": base64.urlsafe_b64encode(PHOTO).decode().rstrip("="),
    }
    found: dict[str, Any] = {}
    with requests.Session() as session:
        for name, text in written.items():
            body = {"examples": [{"image/encoded": {"b64": text}}]}
            response = session.post(f"{URL}/v1/models/{MODEL}:classify", json=body)
            found[name] = dict(response.json()["results"][0])
        compressed = session.post(
            f"{URL}/classify", data=gzip.compress(PHOTO), headers={"Content-Encoding": "gzip"}
        )
        found["gzip"] = compressed.json()["predictions"][0]["label"]
        found["head"] = session.head(f"{URL}/v2/health/ready/").status_code
    return found


if __name__ == "__main__":
    results = {"kserve": asyncio.run(by_kserve()), "triton": by_triton(), "requests": by_requests()}
    print(json.dumps(results))
