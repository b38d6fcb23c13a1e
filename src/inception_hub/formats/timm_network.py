"""The network as a timm model: importing this file registers `inception_v2` with `timm.create_model`.

It has what timm asks of its own models, and walks the table in `architecture/table.py`. Images are NCHW in
[-1, 1], as timm's transforms make them by the configuration's `mean` and `std`.
"""

from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import torch
from timm.layers.classifier import create_classifier
from timm.models import build_model_with_cfg, generate_default_cfgs, register_model
from timm.models._features import feature_take_indices
from torch import Tensor, nn
from torch.nn import functional

from ..architecture import SCOPE, Architecture
from .timm import FEATURES, NAME, RGB, STEM, configuration
from .timm_layers import make_block

default_cfgs = generate_default_cfgs({NAME: configuration(Architecture(), (224, 224), "default")})


class InceptionV2(nn.Module):
    """Inception V2 with timm's interface: what each method does is in timm's documentation.

    Weights start from TF-Slim's initialisers. `num_classes`: 0 for no classifier; `global_pool`: one of
    timm's, "" for none; `drop_rate`: of the features before the classifier; `depth_multiplier`: see
    `Architecture`.
    """

    def __init__(
        self,
        num_classes: int = 1001,
        in_chans: int = RGB,
        global_pool: str = "avg",
        drop_rate: float = 0.0,
        depth_multiplier: float = 1.0,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        where = {"device": device, "dtype": dtype}
        architecture = Architecture(depth_multiplier, num_classes)
        self.num_classes, self.in_chans = num_classes, in_chans
        self.features: nn.Sequential = nn.Sequential()
        stages: dict[int, dict[str, Any]] = {}  # the last block of each reduction
        ends: dict[int, int] = {}
        reduction = 1
        for number, block in enumerate(architecture.blocks):
            name = block.name.removeprefix(f"{SCOPE}/")
            self.features.add_module(name, make_block(block, in_chans, where))
            reduction *= block.stride
            module = f"{FEATURES}.{name}"
            stages[reduction] = {"num_chs": block.out_channels, "reduction": reduction, "module": module}
            ends[reduction] = number
        self.feature_info, self.feature_ends = list(stages.values()), list(ends.values())
        self.num_features = architecture.num_features
        head: Any = create_classifier(
            self.num_features, num_classes, pool_type=global_pool, drop_rate=drop_rate, **where
        )
        self.global_pool, self.head_drop, self.fc = head
        self.head_hidden_size = self.num_features * self.global_pool.feat_mult()

    def group_matcher(self, coarse: bool = False) -> Callable[[str], float]:
        """Parameters by block, or by stage if `coarse`; the classifier's are the last group."""
        names = [name for name, _ in self.features.named_children()]
        ends = self.feature_ends if coarse else range(len(names))

        def group(name: str) -> float:
            part, _, rest = name.partition(".")
            return (
                bisect_left(ends, names.index(rest.partition(".")[0])) if part == FEATURES else float("inf")
            )

        return group

    def set_grad_checkpointing(self, enable: bool = True) -> None:
        """Not supported, as of timm's `inception_v3`."""
        assert not enable, "Gradient checkpointing is not supported: moving averages would move twice a step."

    def get_classifier(self) -> nn.Module:
        """The last layer."""
        return self.fc

    def reset_classifier(self, num_classes: int, global_pool: str | None = None) -> None:
        """A new classifier, none for 0, and another pooling unless it is None."""
        self.num_classes = num_classes
        pool = self.global_pool.pool_type if global_pool is None else global_pool
        parameter = next(self.parameters())
        where = {"device": parameter.device, "dtype": parameter.dtype}
        head: Any = create_classifier(self.num_features, num_classes, pool_type=pool, **where)
        self.global_pool, self.fc = head
        self.head_hidden_size = self.num_features * self.global_pool.feat_mult()
        self.global_pool.train(self.training)
        self.fc.train(self.training)

    def forward_intermediates(
        self,
        x: Tensor,
        indices: int | list[int] | None = None,
        norm: bool = False,
        stop_early: bool = False,
        output_fmt: str = "NCHW",
        intermediates_only: bool = False,
    ) -> list[Tensor] | tuple[Tensor, list[Tensor]]:
        """The features of some of the five stages, and the last as `forward_features` gives them."""
        assert output_fmt == "NCHW", "Output shape must be NCHW."
        taken, last = feature_take_indices(len(self.feature_ends), indices)
        ends = [self.feature_ends[index] for index in taken]
        intermediates: list[Tensor] = []
        end = self.feature_ends[last] + 1 if stop_early else None
        for number, block in enumerate(list(self.features)[:end]):
            x = block(x)
            if number in ends:
                intermediates.append(x)
        return intermediates if intermediates_only else (x, intermediates)

    def prune_intermediate_layers(
        self, indices: int | list[int] = 1, prune_norm: bool = False, prune_head: bool = True
    ) -> list[int]:
        """Removes the blocks behind the last of the stages `indices`; returns these without negative ones."""
        taken, last = feature_take_indices(len(self.feature_ends), indices)
        shorter = last < len(self.feature_ends) - 1
        kept = list(self.features.named_children())[: self.feature_ends[last] + 1]
        self.features = nn.Sequential(OrderedDict(kept))
        self.feature_ends = self.feature_ends[: last + 1]
        if shorter:
            self.num_features = self.feature_info[last]["num_chs"]
        if prune_head or shorter:
            self.reset_classifier(0, "")
        return taken

    def forward_features(self, x: Tensor) -> Tensor:
        """Images to feature maps [batch, features, ceil(height / 32), ceil(width / 32)]."""
        return self.features(x)

    def forward_head(self, x: Tensor, pre_logits: bool = False) -> Tensor:
        """Feature maps to logits, or to pooled features [batch, features] if `pre_logits`."""
        x = self.head_drop(self.global_pool(x))
        return x if pre_logits else self.fc(x)

    def forward(self, x: Tensor) -> Tensor:
        """Images [batch, channels, height, width] in [-1, 1] to logits [batch, classes]."""
        return self.forward_head(self.forward_features(x))


def _dense_stem(state: dict[str, Tensor], model: InceptionV2) -> dict[str, Tensor]:
    """For other channels than three: the weights of the colours as those of one convolution over all three,
    which timm then adapts."""
    name = f"{STEM}.weight"
    source: Any = model.pretrained_cfg
    if model.in_chans != RGB == source["input_size"][0] and name in state:
        kernels = state[name]
        colour = torch.arange(len(kernels)) // (len(kernels) // RGB)
        state[name] = kernels * functional.one_hot(colour, RGB)[:, :, None, None].to(kernels.dtype)
    return state


@register_model
def inception_v2(pretrained: bool = False, **kwargs: Any) -> nn.Module:
    """For `timm.create_model`."""
    return build_model_with_cfg(
        InceptionV2,
        NAME,
        pretrained,
        pretrained_filter_fn=_dense_stem,
        feature_cfg={"flatten_sequential": True},
        **kwargs,
    )
