"""What an export may be asked for; each format takes some of it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Options:
    """`size`: fixed (height, width) in pixels, any size where None. `batch`: fixed too, any where None.

    `photos`: images are uint8 [0, 255], scaled within the graph. `top`: so many best classes with their
    probabilities instead of logits. `int8`: the module's int8 graph instead of float weights.
    """

    size: tuple[int, int] | None = None
    batch: int | None = None
    photos: bool = False
    top: int | None = None
    int8: bool = False
