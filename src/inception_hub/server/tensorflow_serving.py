"""TensorFlow Serving's REST interface: the seed's signatures for the clients people have.

https://www.tensorflow.org/tfx/serving/api_rest; JSON as its `json_tensor.cc` writes it.
"""

from collections.abc import Mapping
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
from .documents import EXAMPLE, numbers, only, photo, read_object
from .replies import REFUSALS, reply
from .service import CLASSIFICATION, FEATURES, Service

VERSION = "1"
ENCODED = "image/encoded"  # what TensorFlow's own data sets call a photo's bytes in a tf.Example
SERVING_DEFAULT = "serving_default"  # TensorFlow Serving's name for the signature meant when none is named


def router(service: Service) -> APIRouter:
    """`/v1/models/NAME` and what lies below it."""
    routes = APIRouter(tags=["TensorFlow Serving"], responses=REFUSALS)
    for model in (f"/v1/models/{service.name}", f"/v1/models/{service.name}/versions/{VERSION}"):
        _add(routes, model, service)
    return routes


def _add(routes: APIRouter, model: str, service: Service) -> None:
    module = service.module
    ok: dict[int | str, dict[str, Any]] = {200: {"model": dict[str, Any]}}

    @routes.get(model, summary="Whether the model can answer", responses=ok)
    async def status() -> Response:
        state = {
            "version": VERSION,
            "state": "AVAILABLE" if service.ready else "LOADING",
            "status": {"error_code": "OK", "error_message": ""},
        }
        return reply({"model_version_status": [state]})

    @routes.get(f"{model}/metadata", summary="The signatures", responses=ok)
    async def metadata() -> Response:
        return reply(_metadata(service))

    @routes.post(
        f"{model}:predict",
        summary="Answers of a signature",
        responses=ok,
        openapi_extra=_body(
            ("instances", "inputs"), {"signature_name": FEATURES, "instances": [{"b64": EXAMPLE}]}
        ),
    )
    async def predict(request: Request) -> Response:
        found = await _document(service, request)
        only(found, ("signature_name", "instances", "inputs"), "The request")
        name = _signature_name(found)
        signature = signatures.find(module.architecture, name)
        if ("instances" in found) == ("inputs" in found):
            raise RequestError("The request holds both or neither of instances and inputs; give one of them.")
        by_row = "instances" in found
        given = _rows(found["instances"]) if by_row else _columns(found["inputs"])
        images, _ = inputs.split(given, signature, name)
        kind = CLASSIFICATION if signature.output == LOGITS else FEATURES
        answers = [list(map(shortest, row)) for row in await service.tensor(kind, _images(images))]
        return reply({"predictions" if by_row else "outputs": answers})

    if not service.has_classes:
        return

    @routes.post(
        f"{model}:classify",
        summary="Every class of each photo, best first",
        responses=ok,
        openapi_extra=_body(("examples",), {"examples": [{ENCODED: {"b64": EXAMPLE}}]}),
    )
    async def classify(request: Request) -> Response:
        found = await _document(service, request)
        only(found, ("signature_name", "examples"), "The request")
        signature = signatures.find(module.architecture, _signature_name(found))
        if signature.output != LOGITS:
            raise RequestError(
                f"classify needs classes; leave signature_name out or give {CLASSIFICATION!r}."
            )
        examples = found.get("examples")
        if not isinstance(examples, list) or not all(_is_example(example) for example in examples):
            raise RequestError(
                f'examples is not a list of {{"{ENCODED}": {{"b64": ...}}}}; give one for each photo.'
            )
        photos = [photo(example[ENCODED]["b64"]) for example in examples]
        results = [
            [[p.label, shortest(p.probability)] for p in best_predictions(logits, module.labels, len(logits))]
            for logits in await service.tensor(CLASSIFICATION, photos)
        ]
        return reply({"results": results})


async def _document(service: Service, request: Request) -> dict[str, Any]:
    return read_object(await request.body(), service.limits.json_depth, service.containers)


def _signature_name(found: Mapping[str, Any]) -> str:
    name = found.get("signature_name", SERVING_DEFAULT)
    if not isinstance(name, str):
        raise RequestError("signature_name is no string; give one of those in /metadata or leave it out.")
    return "default" if name in ("", SERVING_DEFAULT) else name[:100]


def _rows(instances: Any) -> dict[str, Any]:
    """One input's values by its name; an instance may come without the name."""
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


def _columns(given: Any) -> dict[str, Any]:
    return given if isinstance(given, dict) and not _is_photo(given) else {signatures.IMAGES: given}


def _images(value: Any) -> list[bytes] | NDArray[np.float32]:
    """Photos in base64, or a tensor."""
    values = [value] if _is_photo(value) else value
    if isinstance(values, list) and values and all(_is_photo(each) for each in values):
        return [photo(each["b64"]) for each in values]
    return numbers(values)


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
        described = {"dim": dimensions, "unknown_rank": False}
        return {"dtype": "DT_FLOAT", "tensor_shape": described, "name": name}

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
        "model_spec": {"name": service.name, "signature_name": "", "version": VERSION},
        "metadata": {
            "signature_def": {"signature_def": {**definitions, SERVING_DEFAULT: definitions["default"]}}
        },
    }


def _body(names: tuple[str, ...], example: dict[str, Any]) -> dict[str, Any]:
    properties = {"signature_name": {"type": "string"}, **{name: {} for name in names}}
    schema = {
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        "oneOf": [{"required": [name]} for name in names],
    }
    content = {"application/json": {"schema": schema, "example": example}}
    return {"requestBody": {"required": True, "content": content}}
