"""ONNX Runtime, photos decoded by Pillow in threads. SETTING: batch1, batch8."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import onnxruntime
from measure import Classify, main
from pillow_photos import batches


def load(models: Path, setting: str) -> Classify:
    session = onnxruntime.InferenceSession(models / "model.onnx", providers=["CPUExecutionProvider"])

    def classify(paths: Sequence[str]) -> Iterator[int]:
        for images in batches(paths, int(setting.removeprefix("batch"))):
            yield from np.asarray(session.run(None, {"images": images})[0]).argmax(1)

    return classify


if __name__ == "__main__":
    main(load)
