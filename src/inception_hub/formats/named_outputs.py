"""What `onnx`, `openvino` and `torch` share: names of what goes in and out, metadata, comparison."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import architecture
from ..bundle import Bundle
from .comparison import TOLERANCE, Answers, Check, cases, judge, reference, relative_error
from .options import Options

IMAGES = "images"
LOGITS = "logits"  # [batch, classes]
FEATURES = "feature_vector"  # [batch, features]
INDICES = "indices"  # [batch, top], best first
PROBABILITIES = "probabilities"  # of those


def metadata(bundle: Bundle) -> dict[str, str]:
    """What a file says of itself in its own place for such things, as text by name."""
    said = {
        "name": bundle.name,
        "image_size": list(bundle.image_size),
        "resize": bundle.resize,
        "channels": "RGB",
        "labels": list(bundle.labels),
        "wordnet_ids": list(bundle.labels.wordnet_ids),
        "source": bundle.provenance.source,
        "licence": bundle.provenance.licence,
    }
    return {key: json.dumps(value, ensure_ascii=False) for key, value in said.items()}


def compare_answers(
    bundle: Bundle,
    answer: Callable[[NDArray[Any]], Answers],
    loader: str,
    options: Options,
    expect: Callable[[NDArray[np.float32]], Answers] | None = None,
    tolerance: float = TOLERANCE,
) -> Check:
    """Holds answers by the names above to every endpoint that `expect` gives (None: our own engine) for the
    shared cases, rounded to uint8 where that is asked.

    The best classes are held to the probabilities that ours has there: classes that are equally probable may
    come in any order.
    """
    expect = expect or reference(bundle)

    def errors() -> Iterator[float]:
        for images in cases(options):
            given = np.rint(images * 255).astype(np.uint8) if options.photos else images
            expected = expect(given.astype(np.float32) / np.float32(255) if options.photos else images)
            found = dict(answer(given))
            wanted = {FEATURES: expected[architecture.GLOBAL_POOL][:, 0, 0]}
            if INDICES in found:
                every = np.asarray(expected[architecture.PREDICTIONS], np.float32)
                wanted[PROBABILITIES] = -np.sort(-every)[:, : options.top]
                chosen = np.take_along_axis(every, np.asarray(found.pop(INDICES)).astype(np.int64), 1)
                yield relative_error(chosen, wanted[PROBABILITIES])
            elif architecture.LOGITS in expected:
                wanted[LOGITS] = expected[architecture.LOGITS]
            yield from (relative_error(np.asarray(found[name]), wanted[name]) for name in wanted)

    return judge(loader, errors(), tolerance)
