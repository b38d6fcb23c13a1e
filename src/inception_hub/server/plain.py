"""The plain endpoints: the bytes of one photo, or several as multipart, in; the command line's rows out."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.responses import Response

from ..errors import AnswerError, ImageError, RequestError, TooLargeError
from ..images.presets import visible_fraction
from ..inference.activation_maps import activation_maps
from ..inference.heatmaps import heatmap, legend
from ..inference.predictions import best_predictions
from ..inference.row import Row
from ..output.data_uri import clear_png_uri, png_uri
from ..output.rows import as_record
from .replies import REFUSALS, reply
from .service import CLASSIFICATION, EXPLANATION, FEATURES, Service

Top = Annotated[int, Query(ge=1, le=1000, description="Classes per photo")]


class Prediction(BaseModel):
    """A class, best first."""

    label: str
    index: int
    probability: float


class Classified(BaseModel):
    """A photo's most likely classes, or why it could not be read."""

    path: str
    module: str
    predictions: list[Prediction] | None = None
    error: str | None = None


class Explanation(Prediction):
    """A class, and where the photo speaks for it: a PNG to be stretched over `part` of the photo."""

    heatmap: str


class Explained(Classified):
    """`Classified` with heatmaps; their colours from nothing to the most; the central part they cover."""

    predictions: list[Explanation] | None = None  # pyright: ignore[reportIncompatibleVariableOverride]
    legend: str | None = None
    part: float | None = None


class Embedded(BaseModel):
    """A photo's feature vector, or why it could not be read."""

    path: str
    module: str
    vector: list[float] | None = None
    error: str | None = None


def body_of(description: str) -> dict[str, Any]:
    """OpenAPI's description of a body that is one photo or several."""
    binary = {"type": "string", "format": "binary"}
    several = {"type": "object", "properties": {"photos": {"type": "array", "items": binary}}}
    kinds = ("image/jpeg", "image/png", "image/webp", "image/gif", "image/bmp", "image/tiff")
    content: dict[str, Any] = {kind: {"schema": binary} for kind in (*kinds, "application/octet-stream")}
    content["multipart/form-data"] = {"schema": several}
    return {"requestBody": {"required": True, "description": description, "content": content}}


def described(model: Any, example: dict[str, Any]) -> dict[str, Any]:
    """What OpenAPI says of an endpoint that takes photos and answers with `model`."""
    content = {"application/json": {"example": example}}
    return {
        "openapi_extra": body_of("One photo, or several as multipart"),
        "responses": {200: {"model": model, "content": content}},
    }


def router(service: Service) -> APIRouter:
    """`/classify`, `/explain` and `/embed`."""
    routes = APIRouter(tags=["plain"], responses=REFUSALS)
    module, name = service.module, service.module.spec.bundle.name

    if service.has_classes:
        example = {
            "path": "cat.jpg",
            "module": name,
            "predictions": [{"label": module.labels[0], "index": 0, "probability": 0.93}],
        }

        def classified(path: str, logits: Any, top: int) -> dict[str, Any]:
            return as_record(Row(path, name, predictions=best_predictions(logits, module.labels, top)))

        @routes.post(
            "/classify", summary="Name what is on photos", **described(Classified | list[Classified], example)
        )
        async def classify(request: Request, top: Top = 5) -> Response:
            return await answered(
                service, request, CLASSIFICATION, lambda path, logits: classified(path, logits, top)
            )

        part = visible_fraction(module.resize)

        def explained(path: str, answer: Any, top: int) -> dict[str, Any]:
            logits, last_map = answer
            record = classified(path, logits, top)
            classes = [prediction["index"] for prediction in record["predictions"]]
            maps = activation_maps(module, last_map, classes)
            for prediction, each in zip(record["predictions"], maps, strict=True):
                prediction["heatmap"] = clear_png_uri(heatmap(each))
            return {**record, "legend": png_uri(legend()), "part": part}

        @routes.post(
            "/explain",
            summary="Name what is on photos, and where it is seen",
            **described(Explained | list[Explained], example),
        )
        async def explain(request: Request, top: Annotated[int, Query(ge=1, le=20)] = 5) -> Response:
            return await answered(
                service, request, EXPLANATION, lambda path, answer: explained(path, answer, top)
            )

    @routes.post(
        "/embed",
        summary="Turn photos into feature vectors",
        **described(Embedded | list[Embedded], {"path": "cat.jpg", "module": name, "vector": [0.1, 0.7]}),
    )
    async def embed(request: Request) -> Response:
        return await answered(
            service, request, FEATURES, lambda path, vector: as_record(Row(path, name, vector=vector))
        )

    return routes


async def answered(
    service: Service, request: Request, kind: str, record: Callable[[str, Any], dict[str, Any]]
) -> Response:
    """The record of one photo, or a list of them for a multipart body; a bad photo costs only itself.

    Where no photo at all can be read the first one's error is raised.
    """
    several = request.headers.get("content-type", "").lower().startswith("multipart/")
    files = await _parts(request, service) if several else [("", await request.body())]
    found = await service.photos(kind, [content for _, content in files])
    records: list[dict[str, Any]] = []
    for (path, _), answer in zip(files, found, strict=True):
        if isinstance(answer, ImageError | AnswerError):
            records.append(as_record(Row(path, service.module.spec.bundle.name, error=str(answer))))
        elif isinstance(answer, BaseException):
            raise answer
        else:
            records.append(record(path, answer))
    if all("error" in record for record in records):
        raise found[0]
    return reply(records if several else records[0])


async def _parts(request: Request, service: Service) -> Sequence[tuple[str, bytes]]:
    """(file name, content) of each part, held in memory: the body has been bounded."""
    most = service.limits.images

    class Parts(MultiPartParser):
        spool_max_size = service.limits.body_bytes + 1

    try:
        form = await Parts(request.headers, request.stream(), max_files=most, max_fields=0).parse()
    except MultiPartException as error:
        if error.message.startswith("Too many files"):
            raise TooLargeError(
                f"The request holds more than {most} parts; send them in several requests."
            ) from error
        raise RequestError(
            "The multipart body cannot be read; give every photo as a part with a file name."
        ) from error
    parts: list[tuple[str, bytes]] = []
    for _, upload in form.multi_items():
        assert not isinstance(upload, str)  # max_fields=0
        parts.append((upload.filename or "", await upload.read()))
        await upload.close()
    return parts
