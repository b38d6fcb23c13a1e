"""PyTorch as its documentation would have it: channels-last, a DataLoader whose workers decode.

SETTING: f32, bf16 (autocast), f32-compiled, bf16-compiled (`torch.compile`, its default), f32-timm (photos
read, decoded and resized by timm, as its inference.py does). Batch norm comes folded into the convolutions,
as the other peers fold it themselves.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytorch_photos
import torch
from measure import Classify, main
from torch import Tensor, nn


class Branches(nn.Module):
    def __init__(self, branches: list[nn.Sequential]) -> None:
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([branch(x) for branch in self.branches], 1)


def layer(op: str, name: str, kernel: int, stride: int, weights: dict[str, np.ndarray]) -> list[nn.Module]:
    """TensorFlow's SAME padding at sides that the strides divide: the odd pixel goes to the bottom right."""
    same = kernel // 2 if stride == 1 else 0
    if op == "avg_pool":
        return [nn.AvgPool2d(kernel, stride, same, count_include_pad=False)]
    if op == "max_pool":
        return [nn.MaxPool2d(kernel, stride, same, ceil_mode=stride == 2)]
    values, bias = (torch.from_numpy(weights[f"{name}/{part}"]) for part in ("kernel", "bias"))
    conv = nn.Conv2d(values.shape[1], values.shape[0], kernel, stride, same)
    conv.load_state_dict({"weight": values, "bias": bias})
    before, after = (kernel - 2) // 2, (kernel - 1) // 2
    padding = [nn.ZeroPad2d((before, after, before, after))] if stride == 2 else []
    return [*padding, conv, nn.ReLU(inplace=True)]


def network(models: Path) -> nn.Module:
    weights = dict(np.load(models / "folded.npz"))
    blocks = json.loads((models / "network.json").read_text())
    body = [
        Branches(
            [nn.Sequential(*[m for row in branch for m in layer(*row, weights=weights)]) for branch in block]
        )
        for block in blocks
    ]
    kernel, bias = (torch.from_numpy(weights[f"logits/{part}"]) for part in ("kernel", "bias"))
    logits = nn.Linear(kernel.shape[1], kernel.shape[0])
    logits.load_state_dict({"weight": kernel, "bias": bias})
    return nn.Sequential(*body, nn.AdaptiveAvgPool2d(1), nn.Flatten(), logits).eval()


def load(models: Path, setting: str) -> Classify:
    model = network(models).to(memory_format=torch.channels_last)  # pyright: ignore - their stubs
    precision, _, way = setting.partition("-")
    if way == "compiled":
        model = torch.compile(model)
    photos = pytorch_photos.by_timm if way == "timm" else pytorch_photos.by_pillow

    def classify(paths: Sequence[str]) -> Iterator[int]:
        bfloat16 = torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16")
        with torch.inference_mode(), bfloat16:
            for images in photos(paths):
                yield from model(images.contiguous(memory_format=torch.channels_last)).argmax(1).tolist()

    return classify


if __name__ == "__main__":
    main(load)
