"""What a run over photos asks of a module."""

from dataclasses import dataclass

from ..calibration import check_coverage
from ..errors import ArgumentError
from ..images.photo_file import MAX_PIXELS, check_max_pixels
from ..images.presets import Preset
from ..system.numbers import check_count
from .row import Kind

TOP = 5  # predictions of each photo, by default
EXPLAINED = 3  # classes explained of each photo, by default


@dataclass(frozen=True)
class Options:
    """What is computed for each photo.

    `kind`: class `predictions` or the feature `vector`. `top`: predictions of each photo, best first.
    `coverage`: None, or instead of the best `top` the set of classes that holds the right one for this share
    of photos like those the module was calibrated on, and whether the photo is unlike anything it learned.
    `resize`: how photos become the module's size, None is the module's own preset. `max_pixels`: a photo of
    more is not decoded, its row is an error. `thumbnails`: also a small picture of each photo.
    `feature_maps`: also the feature map before the spatial mean at `images.heatmaps.map_size`, which
    heatmaps are made of. `fingerprints`: also `images.fingerprint` of each photo. `processes`: how many
    decode, once there were some hundred photos; 0: threads do, which is faster unless there are many cores,
    and a GPU that waits for them.

    Raises `ArgumentError` for a `top` below 1, a `max_pixels` outside its range, and for a `coverage` that
    does not lie between 0 and 1.
    """

    kind: Kind = "predictions"
    top: int = TOP
    resize: Preset | None = None
    max_pixels: int = MAX_PIXELS
    thumbnails: bool = False
    feature_maps: bool = False
    fingerprints: bool = False
    processes: int = 0
    coverage: float | None = None

    def __post_init__(self) -> None:
        check_count("top", self.top)
        check_max_pixels(self.max_pixels)
        if self.coverage is not None:
            check_coverage(self.coverage)


def top_or_coverage(top: int | None, coverage: float | None) -> int:
    """How many classes a photo gets: `top`, by default `TOP`; raises `ArgumentError` for both."""
    if top is not None and coverage is not None:
        raise ArgumentError(
            f"top is {top} and coverage is {coverage}; give one of them: with a coverage, each photo gets "
            "as many classes as that takes."
        )
    return TOP if top is None else top
