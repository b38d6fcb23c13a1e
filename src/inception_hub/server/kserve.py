"""KServe's Open Inference Protocol, version 2, over HTTP, with its binary tensor data extension.

https://github.com/kserve/open-inference-protocol; clients of Triton and OpenVINO's server speak it.
"""

import json
import math
import struct
from dataclasses import dataclass
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
from .json_body import decode_photo, float_array, refuse_unknown, shown
from .openapi import ERRORS, EXAMPLE_PHOTO, JSON_OBJECT, json_object, request_body
from .responses import json_response, message_response
from .service import CLASSIFICATION, FEATURES, MODEL_VERSION, Service

HEADER_LENGTH = "Inference-Header-Content-Length"
RANKS = (1, 4)  # of a list of photos, and of images in one array
MOST_ID = 1000
# Parameters of Triton's without which the response would not be the one that was asked for.
OTHER_RESPONSES = ("shared_memory", "classification", "sequence_")
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
                "extensions": ["binary_tensor_data", "model_configuration", "statistics", "model_repository"],
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
            for name, size in output_sizes(service).items()
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
        body = await request.body()
        length = request.headers.get(HEADER_LENGTH)
        asked = await service.threads.run(len(body), _read, service, body, length)
        outputs: dict[str, NDArray[np.float32]] = {}
        for kind in {FEATURES if name == FEATURES else CLASSIFICATION for name in asked.outputs}:
            outputs[kind] = await service.outputs(kind, asked.images)
        size = sum(array.nbytes for array in outputs.values())
        return await service.threads.run(size, _response, asked, service.name, outputs)


@dataclass(frozen=True)
class _Asked:
    id: str | None
    images: list[bytes] | NDArray[np.float32]
    outputs: dict[str, bool]  # the requested ones by name, and whether each is to be binary


def _read(service: Service, body: bytes, length: str | None) -> _Asked:
    """What a request asks for; `length`: of the JSON that `body` starts with, from the header."""
    document, binary = _split(body, length, service)
    known = ("id", "model_name", "model_version", "parameters", "inputs", "outputs")  # two are the SDK's own
    refuse_unknown(document, known, "The request")
    for member, value in (("model_name", service.name), ("model_version", MODEL_VERSION)):
        if document.get(member) not in (None, "", value):
            raise RequestError(f"{member} is {shown(document[member])}; it must be {value!r}, or left out.")
    name = document.get("id")
    if name is not None and not (isinstance(name, str) and len(name) <= MOST_ID):
        raise RequestError(f"id is no string of at most {MOST_ID} characters; give one or leave it out.")
    requested = _requested(document, service)
    return _Asked(name, _images(service, document.get("inputs"), binary), requested)


def output_sizes(service: Service) -> dict[str, int]:
    """The width of each output: a signature's `default` by the signature's name, the softmax by its own."""
    classes, features = service.module.architecture.num_classes, service.module.architecture.num_features
    with_head = {CLASSIFICATION: classes, PREDICTIONS: classes} if service.has_classes else {}
    return {**with_head, FEATURES: features}


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
    return service.read_json(body[:end]), body[end:]


def _images(service: Service, inputs: Any, binary: bytes) -> list[bytes] | NDArray[np.float32]:
    """Photos' files, or images in one array, from `inputs` and the binary data behind the JSON."""
    if not isinstance(inputs, list) or len(inputs) != 1 or not isinstance(inputs[0], dict):
        raise RequestError(f"inputs is not a list of one tensor; give one, named {IMAGES!r}.")
    tensor = inputs[0]
    refuse_unknown(tensor, ("name", "datatype", "shape", "data", "parameters"), "The tensor")
    if tensor.get("name") != IMAGES:
        raise RequestError(f"The input is called {shown(tensor.get('name'))}; it must be {IMAGES!r}.")
    shape = tensor.get("shape")
    if not isinstance(shape, list) or len(shape) not in RANKS or not all(map(_is_size, shape)):
        raise RequestError("shape is not a list of sizes; give such as [1, 224, 224, 3], or [1] for a photo.")
    size = _parameters(tensor, "The tensor").get(BINARY_SIZE)
    if size is not None and ("data" in tensor or type(size) is not int or size != len(binary)):
        raise RequestError(
            f"{BINARY_SIZE} is {size if type(size) is int else shown(size)} and {len(binary)} bytes stand "
            "behind the JSON; give their number, and no data within."
        )
    if size is None and binary:
        raise RequestError(f"{len(binary)} bytes stand behind the JSON; say so in {BINARY_SIZE}.")
    datatype = tensor.get("datatype")
    if datatype == "BYTES":
        encoded = _elements(binary, service.limits.images) if size is not None else _list(tensor)
        service.check_count(len(encoded))
        if shape != [len(encoded)]:
            raise RequestError(
                f"shape is {shape} and there are {len(encoded)} photos; give [{len(encoded)}]."
            )
        return encoded if size is not None else [decode_photo(each) for each in encoded]
    if datatype != "FP32":
        raise RequestError(
            f"datatype is {shown(datatype)}; give 'FP32' for images in [0, 1], "
            "or 'BYTES' for the bytes of photos."
        )
    if size is not None:
        array = np.frombuffer(binary, "<f4", len(binary) // 4)
    else:
        array = float_array(tensor.get("data")).ravel()  # nested or flat, as the protocol allows
    if array.size != math.prod(shape) or size not in (None, array.nbytes):
        raise RequestError(f"shape is {shape} and there are {array.size} numbers; they must agree.")
    return service.check_images(array.reshape(shape))


def _elements(binary: bytes, most: int) -> list[bytes]:
    """The elements of a binary BYTES tensor: before each, its length in four bytes, little-endian.

    No more than one beyond `most`.
    """
    elements, start = [], 0
    while start < len(binary) and len(elements) <= most:
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


def _is_size(size: Any) -> bool:
    return type(size) is int and 0 < size < 2**31


def _list(tensor: dict[str, Any]) -> list[Any]:
    data = tensor.get("data")
    if not isinstance(data, list):
        raise RequestError("data is not a list; give one, or binary data behind the JSON.")
    return data


def _parameters(holder: dict[str, Any], where: str) -> dict[str, Any]:
    """The parameters of `holder`: the protocol lets clients send any, and those it knows are heeded."""
    parameters = holder.get("parameters") or {}
    if not isinstance(parameters, dict):
        raise RequestError(f"{where}'s parameters are no object; give one or leave them out.")
    for name in parameters:
        if name.startswith(OTHER_RESPONSES):
            raise RequestError(
                f"{where} has the parameter {name[:60]!r}, which is not supported; leave it out."
            )
    return parameters


def _requested(document: dict[str, Any], service: Service) -> dict[str, bool]:
    """The requested outputs by name, and whether each is to be binary; all where none is named."""
    known = tuple(output_sizes(service))
    binary = _parameters(document, "The request").get(BINARY_OUTPUT, False)
    outputs = document.get("outputs") or [{"name": name} for name in known]
    if not isinstance(outputs, list) or not all(isinstance(output, dict) for output in outputs):
        raise RequestError(f"outputs is not a list of objects with a name: {', '.join(known)}.")
    requested: dict[str, bool] = {}
    for output in outputs:
        refuse_unknown(output, ("name", "parameters"), "An output")
        name = output.get("name")
        if not isinstance(name, str) or name not in known:
            raise RequestError(f"There is no output {shown(name)}; there are {', '.join(known)}.")
        requested[name] = _parameters(output, "An output").get(BINARY, binary) is True
    return requested


def _response(asked: _Asked, model: str, arrays: dict[str, NDArray[np.float32]]) -> Response:
    """The requested outputs of `arrays` as JSON; binary ones follow behind it."""
    outputs, behind = [], b""
    for name, is_binary in asked.outputs.items():
        array = probabilities(arrays[CLASSIFICATION]) if name == PREDICTIONS else arrays[name]
        output: dict[str, Any] = {"name": name, "datatype": "FP32", "shape": list(array.shape)}
        if is_binary:
            content = array.astype("<f4").tobytes()
            output["parameters"] = {BINARY_SIZE: len(content)}
            behind += content
        else:
            output["data"] = [shortest(value) for value in array.ravel()]
        outputs.append(output)
    document = {"model_name": model, "model_version": MODEL_VERSION, "outputs": outputs}
    if asked.id is not None:
        document["id"] = asked.id
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
        "outputs": [{"name": next(iter(output_sizes(service)))}],
    }
    content = json_object({"inputs": {"type": "array"}}, example, required=["inputs"])
    content["application/octet-stream"] = {"schema": {"type": "string", "format": "binary"}}
    return request_body(content)
