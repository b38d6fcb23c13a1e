"""A module in one's own PyTorch code: the network as an `nn.Module`, and what makes its images of photos."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from ..architecture import BATCH_NORM_MOMENTUM, GLOBAL_POOL, LOGITS
from ..bundle import Bundle
from ..engines.torch import Network
from ..images.loading import load_image
from ..images.photo_file import MAX_PIXELS
from ..images.presets import Preset

if TYPE_CHECKING:
    from ..images.decode import Source


@dataclass(frozen=True)
class PhotoTransform:
    """Makes a tensor of a photo, float32 [3, *size] in [0, 1], equal to what `load_images` makes of it.

    It can be pickled, so the workers of a `DataLoader` can run it.
    """

    size: tuple[int, int]  # height and width, px
    resize: Preset
    max_pixels: int = MAX_PIXELS

    def __call__(self, photo: "Source") -> Tensor:
        """`photo`: a path, bytes, an open file or a PIL image. Raises `ImageError`, `InputError`."""
        image = load_image(photo, self.size, self.resize, max_pixels=self.max_pixels)
        return torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1)))


class ImageNetwork(nn.Module):
    """Maps images, float [batch, 3, height, width] in [0, 1], to logits [batch, classes].

    Without a head: to feature vectors [batch, features]. In training mode batch norm normalises by the batch
    and moves its averages, of which `batch_norm_momentum` stays, and there is dropout before the logits.
    Parameters and buffers have TF-Slim's names and shapes, below `network`. `bundle`: the module with the
    present weights, which `hub.export` takes.
    """

    def __init__(self, bundle: Bundle) -> None:
        super().__init__()
        self.network = Network(bundle.architecture, bundle.weights)
        self.batch_norm_momentum = BATCH_NORM_MOMENTUM
        self._source = replace(bundle, weights={})

    def forward(self, images: Tensor) -> Tensor:
        output = LOGITS if self.network.architecture.num_classes else GLOBAL_POOL
        endpoints = self.network(
            images.permute(0, 2, 3, 1),
            batch_statistics=self.training,
            momentum=self.batch_norm_momentum if self.training else None,
            dropout=self.training,
            endpoints=(output,),
        )
        return endpoints[output].flatten(1)

    @property
    def bundle(self) -> Bundle:
        """All that a module directory holds, with the present weights."""
        state = self.network.state_dict()
        return self._source.trained({name: value.cpu().numpy() for name, value in state.items()})
