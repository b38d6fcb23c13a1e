"""TensorFlow Serving's REST interface: the original module's signatures for clients that exist already.

https://www.tensorflow.org/tfx/serving/api_rest; JSON as its `json_tensor.cc` writes it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from fastapi import APIRouter, Request
from numpy.typing import NDArray
from starlette.responses import Response

from .. import inputs, signatures
from ..architecture import LOGITS
from ..errors import RequestError
from ..inference.predictions import best_predictions
from ..output.rows import shortest
from .json_body import decode_photo, float_array, refuse_unknown, shown
from .openapi import ERRORS, EXAMPLE_PHOTO, JSON_OBJECT, json_object, request_body
from .responses import json_response
from .service import CLASSIFICATION, FEATURES, MODEL_VERSION, Service

ENCODED = "image/encoded"  # the key of a photo's bytes in a tf.Example of TensorFlow's own data sets
SERVING_DEFAULT = "serving_default"  # TensorFlow Serving's name for the signature used when none is named


def router(service: Service) -> APIRouter:
    """The routes `/v1/models/NAME` and below."""
    routes = APIRouter(prefix="/v1", tags=["TensorFlow Serving"], responses=ERRORS)
    for model in service.model_paths:
        _add_model(routes, model, service)
    return routes


def _add_model(routes: APIRouter, path: str, service: Service) -> None:
    @routes.get(path, summary="Whether the model can answer", responses=JSON_OBJECT)
    async def status() -> Response:
        state = {
            "version": MODEL_VERSION,
            "state": "AVAILABLE" if service.ready else "LOADING",
            "status": {"error_code": "OK", "error_message": ""},
        }
        return json_response({"model_version_status": [state]})

    @routes.get(f"{path}/metadata", summary="The signatures", responses=JSON_OBJECT)
    async def metadata() -> Response:
        return json_response(_metadata(service))

    @routes.post(
        f"{path}:predict",
        summary="Outputs of a signature",
        responses=JSON_OBJECT,
        openapi_extra=_described_body(
            ("instances", "inputs"), {"signature_name": FEATURES, "instances": [{"b64": EXAMPLE_PHOTO}]}
        ),
    )
    async def predict(request: Request) -> Response:
        body = await request.body()
        asked = await service.threads.run(len(body), _read_predict, service, body)
        outputs = await service.outputs(asked.kind, asked.images)
        return await service.threads.run(
            outputs.nbytes, lambda: json_response({asked.key: [list(map(shortest, row)) for row in outputs]})
        )

    if not service.has_classes:
        return

    @routes.post(
        f"{path}:classify",
        summary="Every class of each photo, best first",
        responses=JSON_OBJECT,
        openapi_extra=_described_body(("examples",), {"examples": [{ENCODED: {"b64": EXAMPLE_PHOTO}}]}),
    )
    async def classify(request: Request) -> Response:
        body = await request.body()
        photos = await service.threads.run(len(body), _read_classify, service, body)
        outputs = await service.outputs(CLASSIFICATION, photos)
        return await service.threads.run(outputs.nbytes, _classified, service, outputs)


@dataclass(frozen=True)
class _Asked:
    kind: str  # of outputs
    images: list[bytes] | NDArray[np.float32]
    key: str  # of the response's only member


def _read_predict(service: Service, body: bytes) -> _Asked:
    document = service.read_json(body)
    refuse_unknown(document, ("signature_name", "instances", "inputs"), "The request")
    name = _signature_name(document)
    signature = signatures.find(service.module.architecture, name)
    if ("instances" in document) == ("inputs" in document):
        raise RequestError("The request holds both or neither of instances and inputs; give one of them.")
    by_row = "instances" in document
    given = _from_rows(document["instances"]) if by_row else _from_columns(document["inputs"])
    refuse_unknown(given, tuple(signature.inputs), "The inputs")
    if type(given.get(signatures.MOMENTUM, 0)) not in (int, float):
        raise RequestError(f"{signatures.MOMENTUM} is {shown(given[signatures.MOMENTUM])}; give one number.")
    images, _ = inputs.split(given, signature, name)
    kind = CLASSIFICATION if signature.output == LOGITS else FEATURES
    return _Asked(kind, _images(service, images), "predictions" if by_row else "outputs")


def _read_classify(service: Service, body: bytes) -> list[bytes]:
    document = service.read_json(body)
    refuse_unknown(document, ("signature_name", "examples"), "The request")
    module = service.module
    if signatures.find(module.architecture, _signature_name(document)).output != LOGITS:
        raise RequestError(f"classify needs classes; leave signature_name out or give {CLASSIFICATION!r}.")
    examples = document.get("examples")
    if not isinstance(examples, list) or not all(_is_example(example) for example in examples):
        raise RequestError(
            f'examples is not a list of {{"{ENCODED}": {{"b64": ...}}}}; give one for each photo.'
        )
    service.check_count(len(examples))
    return [decode_photo(example[ENCODED]["b64"]) for example in examples]


def _classified(service: Service, outputs: NDArray[np.float32]) -> Response:
    labels = service.module.labels
    results = [
        [[p.label, shortest(p.probability)] for p in best_predictions(logits, labels, len(logits))]
        for logits in outputs
    ]
    return json_response({"results": results})


def _signature_name(document: Mapping[str, Any]) -> str:
    name = document.get("signature_name", SERVING_DEFAULT)
    if not isinstance(name, str):
        raise RequestError("signature_name is no string; give one of those in /metadata or leave it out.")
    return "default" if name in ("", SERVING_DEFAULT) else name[:100]


def _from_rows(instances: Any) -> dict[str, Any]:
    """The input's values by its name, from `instances`, which may come with the name or without."""
    if not isinstance(instances, list):
        raise RequestError("instances is not a list; give one image each, or use inputs.")
    named = [instance for instance in instances if isinstance(instance, dict) and not _is_photo(instance)]
    if not named:
        return {signatures.IMAGES: instances}
    if len(named) < len(instances) or any(set(instance) != {signatures.IMAGES} for instance in named):
        raise RequestError(
            f'instances holds objects that are not {{"{signatures.IMAGES}": ...}}; give that in each, '
            "and any other input in the column format: inputs."
        )
    return {signatures.IMAGES: [instance[signatures.IMAGES] for instance in named]}


def _from_columns(given: Any) -> dict[str, Any]:
    """The inputs by name; a single one may come without its name."""
    return given if isinstance(given, dict) and not _is_photo(given) else {signatures.IMAGES: given}


def _images(service: Service, value: Any) -> list[bytes] | NDArray[np.float32]:
    """Photos' files given in base64, or images in one array."""
    values = [value] if _is_photo(value) else value
    if isinstance(values, list) and values and all(_is_photo(each) for each in values):
        service.check_count(len(values))
        return [decode_photo(each["b64"]) for each in values]
    return service.check_images(float_array(values))


def _is_photo(value: Any) -> bool:
    return isinstance(value, dict) and set(value) == {"b64"}


def _is_example(value: Any) -> bool:
    return isinstance(value, dict) and set(value) == {ENCODED} and _is_photo(value[ENCODED])


def _metadata(service: Service) -> dict[str, Any]:
    module = service.module
    height, width = module.image_size

    def tensor(name: str, shape: tuple[int | None, ...]) -> dict[str, Any]:
        if name == signatures.IMAGES:
            shape = (None, height, width, 3)
        dimensions = [{"size": str(-1 if size is None else size), "name": ""} for size in shape]
        tensor_shape = {"dim": dimensions, "unknown_rank": False}
        return {"dtype": "DT_FLOAT", "tensor_shape": tensor_shape, "name": name}

    definitions = {
        name: {
            "inputs": {each: tensor(each, info.shape) for each, info in signature.inputs.items()},
            "outputs": {
                "default": tensor("default", signature.outputs(module.architecture)["default"].shape)
            },
            "method_name": "tensorflow/serving/predict",
        }
        for name, signature in signatures.signatures(module.architecture).items()
    }
    return {
        "model_spec": {"name": service.name, "signature_name": "", "version": MODEL_VERSION},
        "metadata": {
            "signature_def": {"signature_def": {**definitions, SERVING_DEFAULT: definitions["default"]}}
        },
    }


def _described_body(names: tuple[str, ...], example: dict[str, Any]) -> dict[str, Any]:
    """OpenAPI's description of a body with one of the members `names`."""
    properties = {"signature_name": {"type": "string"}, **{name: {} for name in names}}
    one_of = [{"required": [name]} for name in names]
    return request_body(json_object(properties, example, additionalProperties=False, oneOf=one_of))
