"""A plain OpenVINO script, photos decoded by Pillow in threads. SETTING: {f32,bf16,int8}-{sync,async}.

`sync` is batches of 8 one after another, `async` single photos through an `AsyncInferQueue` with the
THROUGHPUT hint: the two ways OpenVINO's documentation shows.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import openvino as ov
from measure import Classify, main
from pillow_photos import SIZE, batches


def load(models: Path, setting: str) -> Classify:
    precision, way = setting.split("-")
    core = ov.Core()
    model = core.read_model(models / ("int8.xml" if precision == "int8" else "model.onnx"))
    batch, hint = (8, "LATENCY") if way == "sync" else (1, "THROUGHPUT")
    model.reshape([-1 if way == "sync" else 1, 3, SIZE, SIZE])
    options = {
        "PERFORMANCE_HINT": hint,
        "INFERENCE_PRECISION_HINT": ov.Type.bf16 if precision == "bf16" else ov.Type.f32,
    }
    compiled = core.compile_model(model, "CPU", options)

    def sync(paths: Sequence[str]) -> Iterator[int]:
        for images in batches(paths, batch):
            yield from compiled([images])[0].argmax(1)

    if way == "sync":
        return sync
    queue = ov.AsyncInferQueue(compiled)

    def through_queue(paths: Sequence[str]) -> list[int]:
        answers = [0] * len(paths)

        def keep(request: ov.InferRequest, place: int) -> None:
            answers[place] = int(request.get_output_tensor(0).data.argmax())

        queue.set_callback(keep)
        for place, image in enumerate(batches(paths, batch)):
            queue.start_async([image], place)
        queue.wait_all()
        return answers

    return through_queue


if __name__ == "__main__":
    main(load)
