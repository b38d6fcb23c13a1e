"""The PyTorch engine's ways to compute a pass, compared with a recorded output."""

from collections.abc import Callable

import torch

from helpers.cases import RELATIVE_TOLERANCE, distance, recorded
from inception_hub.architecture import LOGITS
from inception_hub.engines.torch import Network
from inception_hub.engines.torch_inference import InferenceNetwork, Way

BFLOAT16_TOLERANCE = 2e-2  # 7.9e-3 was measured


def check_way(
    device: str, way: Way, dtype: torch.dtype, record_property: Callable[[str, object], None]
) -> None:
    """A way that cannot be had gives way to the next; the log says which was taken."""
    case = recorded("eval")[0]
    network = Network(case.architecture, case.weights).to(device)
    images = torch.from_numpy(case.images).to(device)
    tolerance = RELATIVE_TOLERANCE if dtype == torch.float32 else BFLOAT16_TOLERANCE
    answering = InferenceNetwork(network, dtype, way=way)
    for _ in range(2):
        found = answering(images, (LOGITS,))[LOGITS].cpu().numpy()
        assert distance(found, case.answers["logits"]) < tolerance
    record_property("taken", repr(answering))
