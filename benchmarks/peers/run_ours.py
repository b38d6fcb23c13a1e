"""Inception Hub's own pipeline, as `inception-hub classify` runs it. SETTING: f32, bf16, int8, f32-slim.

`slim` resizes in the original's arithmetic, so its answers show that the network is the same.
"""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from measure import Classify, main

import inception_hub as hub
from inception_hub.errors import InceptionHubError
from inception_hub.inference.decoding import Photo
from inception_hub.inference.options import Options
from inception_hub.inference.pipeline import infer


def load(models: Path, setting: Any) -> Classify:
    precision, _, preset = setting.partition("-")
    try:
        module = hub.Module(models / "ours", precision=precision)
    except InceptionHubError as error:
        sys.exit(str(error))

    def classify(paths: Sequence[str]) -> Iterator[int]:
        for answer in infer(
            module, (Photo(path, path) for path in paths), Options(top=1, resize=preset or None)
        ):
            if answer.row.predictions is None:
                sys.exit(str(answer.row.error))
            yield answer.row.predictions[0].index

    return classify


if __name__ == "__main__":
    main(load)
