"""What a run over photos asks of a module."""

from dataclasses import dataclass

from ..errors import ArgumentError
from ..images.photo_file import MAX_PIXELS
from ..images.presets import Preset
from .row import Kind

TOP = 5  # predictions of each photo, by default
EXPLAINED = 3  # classes explained of each photo, by default


@dataclass(frozen=True)
class Options:
    """What is computed for each photo.

    `kind`: class `predictions` or the feature `vector`. `top`: predictions of each photo, best first.
    `resize`: how photos become the module's size, None is the module's own preset. `max_pixels`: a photo of
    more is not decoded, its row is an error. `thumbnails`: also a small picture of each photo.
    `feature_maps`: also the feature map before the spatial mean at `images.heatmaps.map_size`, which
    heatmaps are made of. `fingerprints`: also `images.fingerprint` of each photo. `processes`: how many
    decode, once there were some hundred photos; 0: threads do, which is faster unless there are many cores,
    and a GPU that waits for them.

    Raises `ArgumentError` for a `top` below 1.
    """

    kind: Kind = "predictions"
    top: int = TOP
    resize: Preset | None = None
    max_pixels: int = MAX_PIXELS
    thumbnails: bool = False
    feature_maps: bool = False
    fingerprints: bool = False
    processes: int = 0

    def __post_init__(self) -> None:
        if self.top < 1:
            raise ArgumentError(f"top is {self.top}; give 1 or more.")
