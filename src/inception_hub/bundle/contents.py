"""`Bundle`: everything a module directory holds, as one value."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from ..architecture import LOGITS_LAYER, Architecture
from ..calibration import Arrays
from ..engines.int8 import Int8
from ..labels import Labels
from ..weights import Weights

if TYPE_CHECKING:
    from ..images.presets import Preset

DEFAULT_IMAGE_SIZE = (224, 224)  # TF-Slim's default_image_size


@dataclass(frozen=True)
class Provenance:
    """Where the weights come from, for people."""

    source: str  # a handle, a file name, or the recipe that trained them
    licence: str = "unknown"
    source_sha256: str | None = None


@dataclass(frozen=True)
class Bundle:
    """Everything a module directory holds.

    `image_size`: (height, width) in pixels. `resize`: the preset that the weights are meant for. `accuracy`:
    measured figures such as `{"data": ..., "images": 10000, "top1": 0.4}`.
    """

    name: str
    architecture: Architecture
    weights: Weights
    labels: Labels
    provenance: Provenance
    image_size: tuple[int, int] = DEFAULT_IMAGE_SIZE
    resize: "Preset" = "default"
    accuracy: tuple[Mapping[str, Any], ...] = ()
    card: str = ""  # without the metadata that stands before it in the file
    report: str = ""  # the page of the training run
    int8: Int8 | None = None  # the quantized weights that `quantize` made
    calibration: Arrays | None = None  # what `calibrate` measured: see `calibration.Calibration`

    def in_memory(self) -> "Bundle":
        """The same bundle with every array in memory: it can be sent to a machine without its files."""
        int8, calibration = (each and dict(each) for each in (self.int8, self.calibration))
        return replace(self, weights=dict(self.weights), int8=int8, calibration=calibration)

    def trained(self, weights: Weights) -> "Bundle":
        """The same network with `weights` that were trained further: figures and card are of those before."""
        source = replace(self.provenance, source=f"trained from {self.provenance.source}", source_sha256=None)
        trained = replace(self, weights=weights, provenance=source)
        return replace(trained, accuracy=(), card="", report="", int8=None, calibration=None)

    def without_head(self) -> "Bundle":
        """The same network as a feature vector module: no logits, no labels, nothing else about classes."""
        weights = {n: w for n, w in self.weights.items() if not n.startswith(f"{LOGITS_LAYER}/")}
        architecture = replace(self.architecture, num_classes=0)
        headless = replace(self, architecture=architecture, weights=weights, labels=Labels((), ()))
        return replace(headless, accuracy=(), card="", report="", int8=None, calibration=None)


class HasBundle(Protocol):
    """Anything that can be written as a module directory, such as a `Module`."""

    @property
    def bundle(self) -> Bundle:
        """The content of that directory."""
        ...
