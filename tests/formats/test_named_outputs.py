"""Outputs by their short names, compared with endpoints."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from inception_hub import bundle
from inception_hub.architecture import FEATURE_MAP, GLOBAL_POOL, LOGITS, LOGITS_LAYER, PREDICTIONS
from inception_hub.errors import ExportError
from inception_hub.formats import named_outputs as names
from inception_hub.formats.comparison import Check
from inception_hub.formats.named_outputs import compare_outputs
from inception_hub.formats.options import Options

Outputs = Mapping[str, NDArray[Any]]
CASE = Options(size=(4, 5), batch=2)  # one case
VECTORS = np.arange(6, dtype=np.float32).reshape(2, 3)
SCORES = np.array([[1, 3, 2, 3], [4, 1, 2, 3]], np.float32)
PROBABILITIES = np.array([[0.1, 0.35, 0.2, 0.35], [0.4, 0.1, 0.2, 0.3]], np.float32)
ENDPOINTS = {GLOBAL_POOL: VECTORS[:, None, None], LOGITS: SCORES, PREDICTIONS: PROBABILITIES}


def compared(outputs: Outputs, options: Options = CASE, endpoints: Outputs = ENDPOINTS) -> Check:
    return compare_outputs(
        None,  # type: ignore[arg-type]
        lambda images: outputs,
        "software 1.0",
        options,
        lambda images: endpoints,
    )


def test_logits_and_vectors() -> None:
    assert compared({names.FEATURES: VECTORS, names.LOGITS: SCORES}) == Check("software 1.0", 0)
    for other in (
        {names.FEATURES: VECTORS + 1, names.LOGITS: SCORES},
        {names.FEATURES: VECTORS, names.LOGITS: -SCORES},
    ):
        with pytest.raises(ExportError, match="relative error"):
            compared(other)
    assert compared({names.FEATURES: VECTORS}, endpoints={GLOBAL_POOL: VECTORS[:, None, None]}).error == 0


def test_equally_probable_classes_come_in_any_order() -> None:
    def best(indices: list[list[int]]) -> Outputs:
        probabilities = np.array([[0.35, 0.35], [0.4, 0.3]], np.float32)
        return {names.FEATURES: VECTORS, names.INDICES: np.array(indices), names.PROBABILITIES: probabilities}

    top = Options(size=(4, 5), batch=2, top=2)
    assert compared(best([[1, 3], [0, 3]]), top).error == compared(best([[3, 1], [0, 3]]), top).error == 0
    for wrong in ([[1, 3], [3, 0]], [[1, 2], [0, 3]]):
        with pytest.raises(ExportError, match="relative error"):
            compared(best(wrong), top)


@pytest.mark.parametrize("photos", [False, True])
def test_photos_are_rounded_to_bytes(photos: bool) -> None:
    given: list[NDArray[Any]] = []

    def keeping(outputs: Outputs) -> Callable[[NDArray[Any]], Outputs]:
        return lambda images: given.append(images) or outputs

    compare_outputs(
        None,  # type: ignore[arg-type]
        keeping({names.FEATURES: VECTORS, names.LOGITS: SCORES}),
        "software 1.0",
        Options(size=(4, 5), batch=2, photos=photos),
        keeping(ENDPOINTS),
    )
    endpoints, outputs = given
    assert endpoints.dtype == np.float32 and endpoints.shape == outputs.shape == (2, 4, 5, 3)
    assert outputs.dtype == (np.uint8 if photos else np.float32)
    assert np.array_equal(endpoints, outputs.astype(np.float32) / np.float32(255) if photos else outputs)


def test_evidence_is_the_feature_map_times_the_head(small_module: Path) -> None:
    source, images = bundle.read(small_module), np.ones((1, 4, 5, 256), np.float32)
    kernel = source.weights[f"{LOGITS_LAYER}/weights"][0, 0]
    options = Options(evidence=True)
    assert np.array_equal(names.evidence(source, options, {FEATURE_MAP: images}), images @ kernel)
    whole, scale = np.rint(kernel).astype(np.int8), np.arange(10, dtype=np.float32)
    int8 = {f"{LOGITS_LAYER}/weights": whole[None, None], f"{LOGITS_LAYER}/scale": scale}
    quantized = replace(source, int8=int8)
    assert np.array_equal(names.head_kernel(quantized, Options(int8=True)), whole * scale)
    assert np.array_equal(names.head_kernel(quantized, options), kernel)


def test_other_evidence_is_refused(small_module: Path) -> None:
    source, options = bundle.read(small_module), replace(CASE, evidence=True)
    feature_map = np.ones((2, 1, 1, 256), np.float32)
    endpoints = {**ENDPOINTS, FEATURE_MAP: feature_map}
    right = {
        names.FEATURES: VECTORS,
        names.LOGITS: SCORES,
        names.EVIDENCE: feature_map @ source.weights[f"{LOGITS_LAYER}/weights"][0, 0],
    }

    def checked(outputs: Outputs) -> Check:
        return compare_outputs(source, lambda _: outputs, "software 1.0", options, lambda _: endpoints)

    assert checked(right).error == 0
    with pytest.raises(ExportError, match="relative error"):
        checked({**right, names.EVIDENCE: -right[names.EVIDENCE]})
