"""What each layer's rounding changes, told layer by layer."""

import numpy as np
import pytest
from helpers.cases import images_from_seed

from inception_hub import load_module_spec
from inception_hub.architecture import LOGITS_LAYER
from inception_hub.engines.int8 import SCALED, rounded
from inception_hub.engines.openvino_sensitivity import layer_costs

BUNDLE = load_module_spec("tiny_imagenet").bundle
WORSE = "InceptionV2/Mixed_4e/Branch_1/Conv2d_0b_3x3"


@pytest.mark.slow  # seventy graphs
def test_the_layer_with_the_worst_kernel_comes_first_and_a_harmless_one_last() -> None:
    assert BUNDLE.int8 is not None
    int8 = {**BUNDLE.int8, f"{WORSE}/weights": np.zeros_like(BUNDLE.int8[f"{WORSE}/weights"])}
    images = images_from_seed((3, 48, 48, 3), 0)
    done: list[tuple[int, int]] = []
    costs = layer_costs(BUNDLE.architecture, BUNDLE.weights, int8, images, lambda *to: done.append(to))
    names = list(rounded(BUNDLE.architecture))
    assert {cost.layer for cost in costs} == {*names[:-1], LOGITS_LAYER} and SCALED in names
    assert costs[0].layer == WORSE and costs[0].divergence > costs[1].divergence
    assert [cost.divergence for cost in costs] == sorted((c.divergence for c in costs), reverse=True)
    assert 0 <= costs[-1].divergence < 1e-4
    assert done == [(number, len(names)) for number in range(1, len(names) + 1)]
