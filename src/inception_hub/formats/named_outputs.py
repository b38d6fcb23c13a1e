"""Names of the inputs and outputs that `onnx`, `openvino` and `torch` share, and their comparison."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import architecture
from ..bundle import Bundle
from .comparison import TOLERANCE, Check, Outputs, cases, judge, reference, relative_error
from .options import Options

IMAGES = "images"
LOGITS = "logits"  # [batch, classes]
FEATURES = "feature_vector"  # [batch, features]
INDICES = "indices"  # [batch, top], best first
PROBABILITIES = "probabilities"  # of those
EVIDENCE = "evidence"  # [batch, height, width, classes], a class activation map for each class


def head_kernel(bundle: Bundle, options: Options) -> NDArray[np.float32]:
    """float32 [features, classes], by which a feature map is multiplied for evidence."""
    if options.int8 and bundle.int8 is not None:
        whole = bundle.int8[f"{architecture.LOGITS_LAYER}/weights"][0, 0].astype(np.float32)
        return whole * bundle.int8[f"{architecture.LOGITS_LAYER}/scale"]
    return np.asarray(bundle.weights[f"{architecture.LOGITS_LAYER}/weights"][0, 0])


def evidence(bundle: Bundle, options: Options, endpoints: Outputs) -> NDArray[np.float32]:
    """What `EVIDENCE` must be where the `endpoints` are computed."""
    return np.asarray(endpoints[architecture.FEATURE_MAP], np.float32) @ head_kernel(bundle, options)


def compare_outputs(
    bundle: Bundle,
    compute: Callable[[NDArray[Any]], Outputs],
    loader: str,
    options: Options,
    expect: Callable[[NDArray[np.float32]], Outputs] | None = None,
    tolerance: float = TOLERANCE,
) -> Check:
    """Compares the outputs named above, for the shared cases, rounded to uint8 where that is asked.

    `expect` gives every endpoint they are compared with (None: on our own engine). The best classes are
    compared by the probabilities that `expect` gives there: classes that are equally probable may come in
    any order.
    """
    expect = expect or reference(bundle)

    def errors() -> Iterator[float]:
        for images in cases(options):
            given = np.rint(images * 255).astype(np.uint8) if options.photos else images
            expected = expect(given.astype(np.float32) / np.float32(255) if options.photos else images)
            outputs = dict(compute(given))
            wanted = {FEATURES: expected[architecture.GLOBAL_POOL][:, 0, 0]}
            if INDICES in outputs:
                every = np.asarray(expected[architecture.PREDICTIONS], np.float32)
                wanted[PROBABILITIES] = -np.sort(-every)[:, : options.top]
                chosen = np.take_along_axis(every, np.asarray(outputs.pop(INDICES)).astype(np.int64), 1)
                yield relative_error(chosen, wanted[PROBABILITIES])
            elif architecture.LOGITS in expected:
                wanted[LOGITS] = expected[architecture.LOGITS]
            if options.evidence:
                wanted[EVIDENCE] = evidence(bundle, options, expected)
            yield from (relative_error(np.asarray(outputs[name]), wanted[name]) for name in wanted)

    return judge(loader, errors(), tolerance)
