"""KServe's Open Inference Protocol, version 2, over HTTP, with its binary tensor data extension.

https://github.com/kserve/open-inference-protocol; clients of Triton and OpenVINO's server speak it.
"""

import json
import math
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
from .json_body import decode_photo, float_array, refuse_unknown
from .openapi import ERRORS, EXAMPLE_PHOTO, JSON_OBJECT, json_object, request_body
from .responses import json_response, message_response
from .service import CLASSIFICATION, FEATURES, MODEL_VERSION, Service

HEADER_LENGTH = "Inference-Header-Content-Length"
BINARY_SIZE, BINARY, BINARY_OUTPUT = "binary_data_size", "binary_data", "binary_data_output"


def router(service: Service) -> APIRouter:
    """The routes `/v2` and below."""
    routes = APIRouter(prefix="/v2", tags=["Open Inference Protocol"], responses=ERRORS)

    @routes.get("", summary="The server", responses=JSON_OBJECT)
    async def server() -> Response:
        return json_response(
            {
                "name": "inception-hub",
                "version": version("inception-hub"),
                "extensions": ["binary_tensor_data"],
            }
        )

    @routes.get("/health/live", summary="Whether the server runs", responses=JSON_OBJECT)
    async def live() -> Response:
        return json_response({"live": True})

    @routes.get("/health/ready", summary="Whether it can answer", responses=JSON_OBJECT)
    async def ready() -> Response:
        if service.ready:
            return json_response({"ready": True})
        return message_response("The server is not ready; try again.", 503)

    for model in service.model_paths:
        routes.get(f"{model}/ready", summary="Whether the model can answer", responses=JSON_OBJECT)(ready)
        _add_model(routes, model, service)
    return routes


def _add_model(routes: APIRouter, path: str, service: Service) -> None:
    @routes.get(path, summary="Inputs and outputs", responses=JSON_OBJECT)
    async def metadata() -> Response:
        height, width = service.module.image_size
        images = {"name": IMAGES, "datatype": "FP32", "shape": [-1, height, width, 3]}
        outputs = [
            {"name": name, "datatype": "FP32", "shape": [-1, size]}
            for name, size in _output_sizes(service).items()
        ]
        return json_response(
            {
                "name": service.name,
                "versions": [MODEL_VERSION],
                "platform": "inception-hub",
                "inputs": [images],
                "outputs": outputs,
            }
        )

    @routes.post(
        f"{path}/infer",
        summary="Outputs for a batch of images",
        openapi_extra=_described_body(service),
        responses=JSON_OBJECT,
    )
    async def infer(request: Request) -> Response:
        document, binary = _split(await request.body(), request.headers.get(HEADER_LENGTH), service)
        refuse_unknown(document, ("id", "parameters", "inputs", "outputs"), "The request")
        images = _images(document.get("inputs"), binary)
        requested = _requested(document, service)
        outputs: dict[str, NDArray[np.float32]] = {}
        for kind in {FEATURES if name == FEATURES else CLASSIFICATION for name in requested}:
            outputs[kind] = await service.outputs(kind, images)
        if PREDICTIONS in requested:
            outputs[PREDICTIONS] = probabilities(outputs[CLASSIFICATION])
        document_head = {"model_name": service.name, "model_version": MODEL_VERSION}
        if isinstance(document.get("id"), str):
            document_head["id"] = document["id"]
        return _response(document_head, {name: outputs[name] for name in requested}, requested)


def _output_sizes(service: Service) -> dict[str, int]:
    """The width of each output: a signature's `default` by the signature's name, the softmax by its own."""
    classes, features = service.module.architecture.num_classes, service.module.architecture.num_features
    with_head = {CLASSIFICATION: classes, PREDICTIONS: classes} if service.has_classes else {}
    return {**with_head, FEATURES: features}


def _split(body: bytes, length: str | None, service: Service) -> tuple[dict[str, Any], bytes]:
    """The JSON document and the binary tensors behind it; `length`: of the JSON, from the header."""
    end = len(body)
    if length is not None:
        end = int(length) if length.isascii() and length.isdigit() and len(length) < 20 else end + 1
        if end > len(body):
            raise RequestError(
                f"{HEADER_LENGTH} is {length[:20]!r} and the body has {len(body)} bytes; "
                "give the length of the JSON it starts with."
            )
    return service.read_json(body[:end]), body[end:]


def _images(inputs: Any, binary: bytes) -> list[bytes] | NDArray[np.float32]:
    """Photos' files, or images in one array, from `inputs` and the binary data behind the JSON."""
    if not isinstance(inputs, list) or len(inputs) != 1 or not isinstance(inputs[0], dict):
        raise RequestError(f"inputs is not a list of one tensor; give one, named {IMAGES!r}.")
    tensor = inputs[0]
    refuse_unknown(tensor, ("name", "datatype", "shape", "data", "parameters"), "The tensor")
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
        photos = _elements(binary) if size is not None else [decode_photo(each) for each in _list(tensor)]
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
        array = float_array(tensor.get("data")).ravel()  # nested or flat, as the protocol allows
    if array.size != math.prod(shape) or size not in (None, array.nbytes):
        raise RequestError(f"shape is {shape} and there are {array.size} numbers; they must agree.")
    return array.reshape(shape)


def _elements(binary: bytes) -> list[bytes]:
    """The elements of a binary BYTES tensor: before each, its length in four bytes, little-endian."""
    elements, start = [], 0
    while start < len(binary):
        end = start + 4
        if end <= len(binary):
            end += struct.unpack_from("<I", binary, start)[0]
        if end > len(binary):
            raise RequestError(
                "The binary BYTES tensor ends within an element; give 4 bytes of length before each."
            )
        elements.append(binary[start + 4 : end])
        start = end
    return elements


def _list(tensor: dict[str, Any]) -> list[Any]:
    data = tensor.get("data")
    if not isinstance(data, list):
        raise RequestError("data is not a list; give one, or binary data behind the JSON.")
    return data


def _parameters(holder: dict[str, Any], known: tuple[str, ...], where: str) -> dict[str, Any]:
    parameters = holder.get("parameters", {})
    if not isinstance(parameters, dict):
        raise RequestError(f"{where}'s parameters are no object; give one or leave them out.")
    refuse_unknown(parameters, known, f"{where}'s parameters")
    return parameters


def _requested(document: dict[str, Any], service: Service) -> dict[str, bool]:
    """The requested outputs by name, and whether each is to be binary; all where none is named."""
    known = tuple(_output_sizes(service))
    binary = _parameters(document, (BINARY_OUTPUT,), "The request").get(BINARY_OUTPUT, False)
    outputs = document.get("outputs") or [{"name": name} for name in known]
    if not isinstance(outputs, list) or not all(isinstance(output, dict) for output in outputs):
        raise RequestError(f"outputs is not a list of objects with a name: {', '.join(known)}.")
    requested: dict[str, bool] = {}
    for output in outputs:
        refuse_unknown(output, ("name", "parameters"), "An output")
        name = output.get("name")
        if name not in known:
            raise RequestError(f"There is no output {str(name)[:60]!r}; there are {', '.join(known)}.")
        requested[name] = _parameters(output, (BINARY,), "An output").get(BINARY, binary) is True
    return requested


def _response(
    head: dict[str, Any], arrays: dict[str, NDArray[np.float32]], binary: dict[str, bool]
) -> Response:
    """`head` and the outputs `arrays` as JSON; those that are `binary` follow behind it."""
    outputs, behind = [], b""
    for name, array in arrays.items():
        output: dict[str, Any] = {"name": name, "datatype": "FP32", "shape": list(array.shape)}
        if binary[name]:
            content = array.astype("<f4").tobytes()
            output["parameters"] = {BINARY_SIZE: len(content)}
            behind += content
        else:
            output["data"] = [shortest(value) for value in array.ravel()]
        outputs.append(output)
    document = {**head, "outputs": outputs}
    if not behind:
        return json_response(document)
    text = json.dumps(document).encode()
    return Response(
        text + behind, media_type="application/octet-stream", headers={HEADER_LENGTH: str(len(text))}
    )


def _described_body(service: Service) -> dict[str, Any]:
    """OpenAPI's description of the body of `infer`."""
    example = {
        "inputs": [{"name": IMAGES, "datatype": "BYTES", "shape": [1], "data": [EXAMPLE_PHOTO]}],
        "outputs": [{"name": next(iter(_output_sizes(service)))}],
    }
    content = json_object({"inputs": {"type": "array"}}, example, required=["inputs"])
    content["application/octet-stream"] = {"schema": {"type": "string", "format": "binary"}}
    return request_body(content)
