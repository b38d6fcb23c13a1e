"""What Triton's clients ask beside inference: configuration, statistics, repository index; nothing changes.

https://github.com/triton-inference-server/server/tree/main/docs/protocol, the extensions of these names.
"""

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from ..signatures import IMAGES
from .kserve import output_sizes
from .openapi import ERRORS, JSON_OBJECT
from .responses import json_response, message_response
from .service import MODEL_VERSION, Service

NANOSECONDS = 1_000_000_000  # of a second


def router(service: Service) -> APIRouter:
    """The routes `/v2/models/NAME/config` and `/stats`, `/v2/models/stats`, `/v2/repository` and below."""
    routes = APIRouter(prefix="/v2", tags=["Triton's extensions"], responses=ERRORS)

    async def config() -> Response:
        return json_response(_config(service))

    async def statistics() -> Response:
        return json_response({"model_stats": [_statistics(service)]})

    for model in service.model_paths:
        routes.get(f"{model}/config", summary="The configuration", responses=JSON_OBJECT)(config)
        routes.get(f"{model}/stats", summary="Inferences and their time", responses=JSON_OBJECT)(statistics)
    routes.get("/models/stats", summary="Inferences and their time", responses=JSON_OBJECT)(statistics)

    @routes.post("/repository/index", summary="The models", responses={200: {"model": list[dict[str, Any]]}})
    async def index() -> Response:
        state = {"state": "READY"} if service.ready else {"state": "LOADING", "reason": "warming up"}
        return json_response([{"name": service.name, "version": MODEL_VERSION, **state}])

    @routes.post("/repository/models/{name}/{action}", include_in_schema=False)
    async def change(name: str, action: str) -> Response:
        return message_response(
            "The server has one model, which is neither loaded nor unloaded by requests.", 400
        )

    return routes


def _config(service: Service) -> dict[str, Any]:
    """In the form of Triton's `model_config.proto`."""
    height, width = service.module.image_size
    outputs = [
        {"name": name, "data_type": "TYPE_FP32", "dims": [size]}
        for name, size in output_sizes(service).items()
    ]
    return {
        "name": service.name,
        "platform": "",
        "backend": "inception-hub",
        "version_policy": {"latest": {"num_versions": 1}},
        "max_batch_size": service.limits.images,
        "input": [{"name": IMAGES, "data_type": "TYPE_FP32", "dims": [height, width, 3]}],
        "output": outputs,
    }


def _statistics(service: Service) -> dict[str, Any]:
    """Decoding and resizing photos is the input's time; nothing is measured of queues and of the output."""
    metrics = service.metrics
    images = int(metrics.value("inception_hub_batch_photos_sum"))
    batches = int(metrics.value("inception_hub_batch_photos_count"))
    compute, decode = (
        {
            "count": int(metrics.value("inception_hub_stage_seconds_count", stage=stage)),
            "ns": round(metrics.value("inception_hub_stage_seconds_sum", stage=stage) * NANOSECONDS),
        }
        for stage in ("compute", "decode")
    )
    nothing = {"count": 0, "ns": 0}
    return {
        "name": service.name,
        "version": MODEL_VERSION,
        "last_inference": round(metrics.last_inference * 1000),
        "inference_count": images,
        "execution_count": batches,
        "inference_stats": {
            "success": {"count": images, "ns": compute["ns"] + decode["ns"]},
            "fail": nothing,
            "queue": nothing,
            "compute_input": decode,
            "compute_infer": compute,
            "compute_output": nothing,
        },
        "batch_stats": [],
    }
