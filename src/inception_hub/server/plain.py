"""The plain endpoints: one photo as the body, or several as multipart; the command line's rows as JSON."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel
from starlette.responses import Response

from ..calibration import PredictionSets
from ..errors import AnswerError, ImageError, RequestError
from ..images.heatmaps import DRAWN_SIDE, heatmap, palette
from ..inference.activation_maps import activation_maps
from ..inference.options import TOP, top_or_coverage
from ..inference.prediction_set import set_of
from ..inference.predictions import best_predictions, check_finite
from ..inference.row import Row
from ..output.data_uri import palette_png_uri
from ..output.rows import as_record
from .multipart import is_multipart, read_parts
from .openapi import ERRORS, request_body
from .responses import json_response
from .service import CLASSIFICATION, EXPLANATION, FEATURES, SETS, Service

PHOTO_TYPES = ("image/jpeg", "image/png", "image/webp", "image/gif", "image/bmp", "image/tiff")
SORTED = 1 << 20  # bytes, about as much as finding the sets of a coverage reads and sorts
LONGEST = 40  # characters of a name that a message repeats
COVERAGE = (
    "Instead of the best: the classes that hold the right one for this share of photos, such as 0.95, and "
    "whether a photo is unknown; of a calibrated module"
)
Record = dict[str, Any]


class Prediction(BaseModel):
    """A class, best first."""

    label: str
    index: int
    probability: float


class Classified(BaseModel):
    """A photo's most likely classes, or why it could not be read.

    With a coverage, `predictions` are the set of classes for it, and `unknown` says whether the photo is
    unlike anything that the module learned.
    """

    path: str
    module: str
    predictions: list[Prediction] | None = None
    error: str | None = None
    unknown: bool | None = None


class Explanation(Prediction):
    """A class with its activation map, where on the photo that is strongest, and a picture of it.

    `heatmap`: a PNG to be stretched over the photo.
    """

    activation_map: list[list[float]]
    place: str
    heatmap: str


class Explained(Classified):
    """`Classified` with heatmaps."""

    predictions: list[Explanation] | None = None  # pyright: ignore[reportIncompatibleVariableOverride]


class Embedded(BaseModel):
    """A photo's feature vector, or why it could not be read."""

    path: str
    module: str
    vector: list[float] | None = None
    error: str | None = None


def router(service: Service) -> APIRouter:
    """The routes `/classify`, `/explain` and `/embed`; the last alone for a module without classes."""
    routes = APIRouter(tags=["plain"], responses=ERRORS)
    if service.has_classes:
        _add_classify(routes, service)
        _add_explain(routes, service)
    name = service.module.spec.bundle.name

    @routes.post(
        "/embed",
        summary="Turn photos into feature vectors",
        **_described(Embedded | list[Embedded], {"path": "cat.jpg", "module": name, "vector": [0.1, 0.7]}),
    )
    async def embed(request: Request) -> Response:
        return await _respond(
            service, request, FEATURES, lambda path, vector: as_record(Row(path, name, vector=vector))
        )

    return routes


def _add_classify(routes: APIRouter, service: Service) -> None:
    @routes.post(
        "/classify",
        summary="Name what is on photos",
        **_described(Classified | list[Classified], _example(service)),
    )
    async def classify(
        request: Request,
        top: Annotated[
            int | None, Query(ge=1, le=1000, description=f"Classes per photo, {TOP} by default")
        ] = None,
        coverage: Annotated[float | None, Query(gt=0, lt=1, description=COVERAGE)] = None,
    ) -> Response:
        most = top_or_coverage(top, coverage)
        if coverage is None:
            return await _respond(
                service,
                request,
                CLASSIFICATION,
                lambda path, logits: _classified(service, path, logits, most),
                known=("top", "coverage"),
            )
        sets = await service.threads.run(SORTED, service.sets, coverage)
        return await _respond(
            service,
            request,
            SETS,
            lambda path, output: _with_set(service, path, output, sets),
            known=("top", "coverage"),
        )


def _add_explain(routes: APIRouter, service: Service) -> None:
    module = service.module

    def explained(path: str, output: Any, top: int) -> Record:
        logits, feature_map, visible = output
        record = _classified(service, path, logits, top)
        classes = [prediction["index"] for prediction in record["predictions"]]
        maps = activation_maps(module, feature_map, classes)
        check_finite(maps, module.spec.bundle.name, module.precision)
        for prediction, each in zip(record["predictions"], maps, strict=True):
            drawn = heatmap(each, DRAWN_SIDE, DRAWN_SIDE, tuple(visible.tolist()))
            prediction["activation_map"], prediction["place"] = each.tolist(), drawn.place
            prediction["heatmap"] = palette_png_uri(drawn.index, palette())
        return record

    @routes.post(
        "/explain",
        summary="Name what is on photos, and where it is seen",
        **_described(
            Explained | list[Explained],
            _example(
                service,
                activation_map=[[0.0, 1.2], [0.3, 7.9]],
                place="lower right",
                heatmap="data:image/png;base64,...",
            ),
        ),
    )
    async def explain(
        request: Request, top: Annotated[int, Query(ge=1, le=20, description="Classes per photo")] = TOP
    ) -> Response:
        return await _respond(
            service,
            request,
            EXPLANATION,
            lambda path, output: explained(path, output, top),
            drawn=top * DRAWN_SIDE * DRAWN_SIDE,
            known=("top",),
        )


def _classified(service: Service, path: str, logits: Any, top: int) -> Record:
    module = service.module
    predictions = best_predictions(logits, module.labels, top)
    return as_record(Row(path, module.spec.bundle.name, predictions=predictions))


def _with_set(service: Service, path: str, output: Any, sets: PredictionSets) -> Record:
    module = service.module
    logits, features, (part, between) = output
    check_finite(features, module.spec.bundle.name, module.precision)
    predictions, unknown = set_of(module.labels, sets, logits, features, (part, between))
    return as_record(Row(path, module.spec.bundle.name, predictions=predictions, unknown=unknown))


def _example(service: Service, **more: Any) -> Record:
    best = {"label": service.module.labels[0], "index": 0, "probability": 0.93, **more}
    return {"path": "cat.jpg", "module": service.module.spec.bundle.name, "predictions": [best]}


def _described(model: Any, example: Record) -> dict[str, Any]:
    """OpenAPI's description of an endpoint that takes one photo or several and responds with `model`."""
    binary = {"type": "string", "format": "binary"}
    several = {"type": "object", "properties": {"photos": {"type": "array", "items": binary}}}
    content: dict[str, Any] = {
        kind: {"schema": binary} for kind in (*PHOTO_TYPES, "application/octet-stream")
    }
    content["multipart/form-data"] = {"schema": several}
    return {
        "openapi_extra": request_body(content, description="One photo, or several as multipart"),
        "responses": {200: {"model": model, "content": {"application/json": {"example": example}}}},
    }


async def _respond(
    service: Service,
    request: Request,
    kind: str,
    record: Callable[[str, Any], Record],
    drawn: int = 0,
    known: tuple[str, ...] = (),
) -> Response:
    """The `record` of one photo's output, or a list of them for a multipart body.

    `drawn`: pixels that a record draws. `known`: parameters of the route; any other is refused, as a mistyped
    one would do nothing. A photo that cannot be read is a record with its error. Where none can be read the
    first error is raised.
    """
    _check_names([name for name, _ in request.query_params.multi_items()], known)
    content_type, body = request.headers.get("content-type", ""), await request.body()
    several = is_multipart(content_type)
    files = [("", body)]
    if several:
        most = service.limits.images
        files = await service.threads.run(len(body), read_parts, body, content_type, most)
    outputs = await service.photo_outputs(kind, [content for _, content in files])

    def respond() -> Response:
        records: list[Record] = []
        for (path, _), output in zip(files, outputs, strict=True):
            if isinstance(output, ImageError | AnswerError):
                records.append(as_record(Row(path, service.module.spec.bundle.name, error=str(output))))
            elif isinstance(output, BaseException):
                raise output
            else:
                records.append(record(path, output))
        if all("error" in record for record in records):
            raise outputs[0]
        return json_response(records if several else records[0])

    return await service.threads.run(sum(map(_size, outputs)) + len(outputs) * drawn, respond)


def _check_names(names: list[str], known: tuple[str, ...]) -> None:
    """Raises `RequestError` for a parameter that is not `known`, or given twice."""
    if stray := [name for name in names if name not in known]:
        accepted = f"give {' or '.join(known)}" if known else "leave it out"
        raise RequestError(f"There is no parameter {stray[0][:LONGEST]!r} here; {accepted}.")
    if twice := [name for name in known if names.count(name) > 1]:
        raise RequestError(f"{twice[0]} is given twice; give it once.")


def _size(output: Any) -> int:
    """The bytes of a photo's output: an array, several of them, or its error."""
    if isinstance(output, tuple):
        return sum(map(_size, output))
    return getattr(output, "nbytes", 0)
