"""Options of an export; each format accepts some of them."""

from collections.abc import Set
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Literal, get_args

from ..bundle import Bundle
from ..errors import ArgumentError
from ..images.presets import check_size
from ..system.numbers import check_count

Server = Literal["ovms", "triton"]  # OpenVINO Model Server, Triton Inference Server
SERVERS: tuple[Server, ...] = get_args(Server)


@dataclass(frozen=True)
class Options:
    """`size`: fixed (height, width) in pixels, any size where None. `batch`: fixed too, any where None.
    Formats of one shape take None for the module's size and for one image.

    `photos`: images are uint8 [0, 255], scaled within the graph. `top`: so many best classes with their
    probabilities instead of logits. `int8`: the module's int8 graph instead of float weights. `fp16`: weights
    and computation in half precision, images and outputs in float32. `evidence`: one more output, the class
    activation maps. `server`: one of `SERVERS`; a model repository for it is written. `runtime`: the file of
    onnxruntime-web's package, the one in the current folder where None.
    """

    size: tuple[int, int] | None = None
    batch: int | None = None
    photos: bool = False
    top: int | None = None
    int8: bool = False
    fp16: bool = False
    evidence: bool = False
    server: Server | None = None
    runtime: Path | None = None

    def __post_init__(self) -> None:
        """Has numbers as Python's own; raises `ArgumentError` for what is no size or no count."""
        if self.size is not None:
            object.__setattr__(self, "size", check_size("size", self.size))
        for name, number in (("batch", self.batch), ("top", self.top)):
            if number is not None:
                object.__setattr__(self, name, check_count(name, number))

    def fixed(self, bundle: Bundle) -> "Options":
        """These, with one image of the module's size where that is open: for formats of one shape."""
        return replace(self, size=self.size or bundle.image_size, batch=self.batch or 1)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Of the images, where `batch` and `size` are fixed."""
        assert self.size and self.batch
        return (self.batch, *self.size, 3)

    def check(self, bundle: Bundle, format: str, accepted: Set[str]) -> None:
        """Raises `ArgumentError` for what `format`, which takes the `accepted` options, cannot do with
        `bundle`."""
        given = [field.name for field in fields(self) if getattr(self, field.name) != field.default]
        if refused := [option for option in given if option not in accepted]:
            takes = ", ".join(sorted(accepted)) or "none"
            raise ArgumentError(
                f"The format {format} does not take {', '.join(refused)}; its options: {takes}."
            )
        if self.server is not None and self.server not in SERVERS:
            raise ArgumentError(f"The server is {self.server!r}; give one of {', '.join(SERVERS)}.")
        classes = bundle.architecture.num_classes
        if self.top and self.top > classes:
            raise ArgumentError(f"top is {self.top} and {bundle.name} has {classes} classes; give fewer.")
        if self.evidence and not classes:
            raise ArgumentError(
                f"{bundle.name} is a feature vector module and has no classes to give evidence of; take one "
                "that has."
            )
        if self.int8 and self.fp16:
            raise ArgumentError("int8 and fp16 exclude each other; give one of them.")
        if self.int8 and bundle.int8 is None:
            raise ArgumentError(
                f"{bundle.name} has no int8 graph; make one with inception-hub quantize MODULE --calibrate "
                "IMAGES, or export its float weights."
            )
