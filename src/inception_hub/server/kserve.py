"""KServe's Open Inference Protocol, version 2, over HTTP, with its binary tensor data extension.

https://github.com/kserve/open-inference-protocol; clients of Triton and OpenVINO's server speak it.
"""

import json
import struct
from importlib.metadata import version
from typing import Any

import numpy as np
from fastapi import APIRouter, Request
from numpy.typing import NDArray
from starlette.responses import Response

from ..architecture import PREDICTIONS
from ..errors import RequestError
from ..inference.predictions import probabilities
from ..output.rows import shortest
from ..signatures import IMAGES
from .documents import EXAMPLE, numbers, only, photo, read_object
from .replies import REFUSALS, refused, reply
from .service import CLASSIFICATION, FEATURES, Service

VERSION = "1"
HEADER_LENGTH = "Inference-Header-Content-Length"
BINARY_SIZE, BINARY, BINARY_OUTPUT = "binary_data_size", "binary_data", "binary_data_output"


def router(service: Service) -> APIRouter:
    """`/v2` and what lies below it."""
    routes = APIRouter(prefix="/v2", tags=["Open Inference Protocol"], responses=REFUSALS)
    ok: dict[int | str, dict[str, Any]] = {200: {"model": dict[str, Any]}}

    @routes.get("", summary="The server", responses=ok)
    async def server() -> Response:
        return reply(
            {
                "name": "inception-hub",
                "version": version("inception-hub"),
                "extensions": ["binary_tensor_data"],
            }
        )

    @routes.get("/health/live", summary="Whether the server runs", responses=ok)
    async def live() -> Response:
        return reply({"live": True})

    @routes.get("/health/ready", summary="Whether it can answer", responses=ok)
    async def ready() -> Response:
        return (
            reply({"ready": True}) if service.ready else refused("The server is not ready; try again.", 503)
        )

    for model in (f"/models/{service.name}", f"/models/{service.name}/versions/{VERSION}"):
        routes.get(f"{model}/ready", summary="Whether the model can answer", responses=ok)(ready)
        _add(routes, model, service)
    return routes


def _add(routes: APIRouter, model: str, service: Service) -> None:
    ok: dict[int | str, dict[str, Any]] = {200: {"model": dict[str, Any]}}

    @routes.get(model, summary="Inputs and outputs", responses=ok)
    async def metadata() -> Response:
        height, width = service.module.image_size
        images = {"name": IMAGES, "datatype": "FP32", "shape": [-1, height, width, 3]}
        outputs = [
            {"name": name, "datatype": "FP32", "shape": [-1, size]}
            for name, size in _outputs(service).items()
        ]
        return reply(
            {
                "name": service.name,
                "versions": [VERSION],
                "platform": "inception-hub",
                "inputs": [images],
                "outputs": outputs,
            }
        )

    @routes.post(f"{model}/infer", summary="Answers for a batch", openapi_extra=_body(service), responses=ok)
    async def infer(request: Request) -> Response:
        document, binary = _split(await request.body(), request.headers.get(HEADER_LENGTH), service)
        only(document, ("id", "parameters", "inputs", "outputs"), "The request")
        images = _images(document.get("inputs"), binary)
        wanted = _wanted(document, service)
        answers: dict[str, NDArray[np.float32]] = {}
        for kind in {FEATURES if name == FEATURES else CLASSIFICATION for name in wanted}:
            answers[kind] = await service.tensor(kind, images)
        if PREDICTIONS in wanted:
            answers[PREDICTIONS] = probabilities(answers[CLASSIFICATION])
        about = {"model_name": service.name, "model_version": VERSION}
        if isinstance(document.get("id"), str):
            about["id"] = document["id"]
        return _written(about, {name: answers[name] for name in wanted}, wanted)


def _outputs(service: Service) -> dict[str, int]:
    """Widths by name: a signature's `default` by the signature's, the softmax by its endpoint's."""
    classes, features = service.module.architecture.num_classes, service.module.architecture.num_features
    named = {CLASSIFICATION: classes, PREDICTIONS: classes} if service.has_classes else {}
    return {**named, FEATURES: features}


def _split(body: bytes, length: str | None, service: Service) -> tuple[dict[str, Any], bytes]:
    """The JSON document and the binary tensors behind it."""
    end = len(body)
    if length is not None:
        end = int(length) if length.isascii() and length.isdigit() and len(length) < 20 else end + 1
        if end > len(body):
            raise RequestError(
                f"{HEADER_LENGTH} is {length[:20]!r} and the body has {len(body)} bytes; "
                "give the length of the JSON it starts with."
            )
    return read_object(body[:end], service.limits.json_depth, service.containers), body[end:]


def _images(inputs: Any, binary: bytes) -> list[bytes] | NDArray[np.float32]:
    if not isinstance(inputs, list) or len(inputs) != 1 or not isinstance(inputs[0], dict):
        raise RequestError(f"inputs is not a list of one tensor; give one, named {IMAGES!r}.")
    tensor = inputs[0]
    only(tensor, ("name", "datatype", "shape", "data", "parameters"), "The tensor")
    if tensor.get("name") != IMAGES:
        raise RequestError(f"The input is called {str(tensor.get('name'))[:60]!r}; it must be {IMAGES!r}.")
    shape = tensor.get("shape")
    if not isinstance(shape, list) or not all(type(size) is int and 0 <= size < 2**31 for size in shape):
        raise RequestError("shape is not a list of sizes; give such as [1, 224, 224, 3].")
    size = _parameters(tensor, (BINARY_SIZE,), "The tensor").get(BINARY_SIZE)
    if size is not None and ("data" in tensor or type(size) is not int or size != len(binary)):
        raise RequestError(
            f"{BINARY_SIZE} is {str(size)[:20]} and {len(binary)} bytes stand behind the JSON; "
            "give their number, and no data within."
        )
    if size is None and binary:
        raise RequestError(f"{len(binary)} bytes stand behind the JSON; say so in {BINARY_SIZE}.")
    datatype = tensor.get("datatype")
    if datatype == "BYTES":
        photos = _elements(binary) if size is not None else [photo(each) for each in _flat(tensor)]
        if shape != [len(photos)]:
            raise RequestError(f"shape is {shape} and there are {len(photos)} photos; give [{len(photos)}].")
        return photos
    if datatype != "FP32":
        raise RequestError(
            f"datatype is {str(datatype)[:20]!r}; give 'FP32' for images in [0, 1], "
            "or 'BYTES' for the bytes of photos."
        )
    if size is not None:
        array = np.frombuffer(binary[: len(binary) // 4 * 4], "<f4")
    else:
        array = numbers(tensor.get("data")).ravel()  # nested or flat, as the protocol allows
    if array.size != _product(shape) or size not in (None, array.nbytes):
        raise RequestError(f"shape is {shape} and there are {array.size} numbers; they must agree.")
    return array.reshape(shape)


def _elements(binary: bytes) -> list[bytes]:
    """Texts as the binary extension packs them: four bytes of length, little end first, and the content."""
    found, start = [], 0
    while start < len(binary):
        end = start + 4
        if end <= len(binary):
            end += struct.unpack_from("<I", binary, start)[0]
        if end > len(binary):
            raise RequestError(
                "The binary BYTES tensor ends within an element; give 4 bytes of length before each."
            )
        found.append(binary[start + 4 : end])
        start = end
    return found


def _flat(tensor: dict[str, Any]) -> list[Any]:
    data = tensor.get("data")
    if not isinstance(data, list):
        raise RequestError("data is not a list; give one, or binary data behind the JSON.")
    return data


def _product(shape: list[int]) -> int:
    product = 1
    for size in shape:  # Python's integers, which do not overflow
        product *= size
    return product


def _parameters(holder: dict[str, Any], known: tuple[str, ...], where: str) -> dict[str, Any]:
    found = holder.get("parameters", {})
    if not isinstance(found, dict):
        raise RequestError(f"{where}'s parameters are no object; give one or leave them out.")
    only(found, known, f"{where}'s parameters")
    return found


def _wanted(document: dict[str, Any], service: Service) -> dict[str, bool]:
    """Names of the outputs asked for, and whether each is to be binary; all of them where none is named."""
    known = tuple(_outputs(service))
    binary = _parameters(document, (BINARY_OUTPUT,), "The request").get(BINARY_OUTPUT, False)
    outputs = document.get("outputs") or [{"name": name} for name in known]
    if not isinstance(outputs, list) or not all(isinstance(output, dict) for output in outputs):
        raise RequestError(f"outputs is not a list of objects with a name: {', '.join(known)}.")
    wanted: dict[str, bool] = {}
    for output in outputs:
        only(output, ("name", "parameters"), "An output")
        name = output.get("name")
        if name not in known:
            raise RequestError(f"There is no output {str(name)[:60]!r}; there are {', '.join(known)}.")
        wanted[name] = _parameters(output, (BINARY,), "An output").get(BINARY, binary) is True
    return wanted


def _written(
    about: dict[str, Any], answers: dict[str, NDArray[np.float32]], binary: dict[str, bool]
) -> Response:
    outputs, behind = [], b""
    for name, array in answers.items():
        output: dict[str, Any] = {"name": name, "datatype": "FP32", "shape": list(array.shape)}
        if binary[name]:
            content = array.astype("<f4").tobytes()
            output["parameters"] = {BINARY_SIZE: len(content)}
            behind += content
        else:
            output["data"] = [shortest(value) for value in array.ravel()]
        outputs.append(output)
    document = {**about, "outputs": outputs}
    if not behind:
        return reply(document)
    text = json.dumps(document).encode()
    return Response(
        text + behind, media_type="application/octet-stream", headers={HEADER_LENGTH: str(len(text))}
    )


def _body(service: Service) -> dict[str, Any]:
    example = {
        "inputs": [{"name": IMAGES, "datatype": "BYTES", "shape": [1], "data": [EXAMPLE]}],
        "outputs": [{"name": next(iter(_outputs(service)))}],
    }
    schema = {"type": "object", "properties": {"inputs": {"type": "array"}}, "required": ["inputs"]}
    content = {
        "application/json": {"schema": schema, "example": example},
        "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
    }
    return {"requestBody": {"required": True, "content": content}}
