"""The module's signatures: their names, what goes in and what comes out."""

from dataclasses import dataclass

from .architecture import GLOBAL_POOL, LOGITS, Architecture
from .errors import SignatureError

MOMENTUM = "batch_norm_momentum"
IMAGES = "images"


@dataclass(frozen=True)
class TensorInfo:
    """dtype and shape of one input or output, None for what is free; read like hub's ParsedTensorInfo."""

    shape: tuple[int | None, ...]
    dtype: str = "float32"
    is_sparse: bool = False

    def get_shape(self) -> tuple[int | None, ...]:
        """The shape, as a tuple."""
        return self.shape


@dataclass(frozen=True)
class Signature:
    """The endpoint that a signature gives as `default`, and whether it takes a momentum."""

    output: str  # the endpoint behind `default`
    takes_momentum: bool = False

    @property
    def inputs(self) -> dict[str, TensorInfo]:
        """Every input by name; all of them must be given."""
        momentum = {MOMENTUM: TensorInfo(())} if self.takes_momentum else {}
        return {IMAGES: TensorInfo((None, None, None, 3)), **momentum}

    def outputs(self, architecture: Architecture) -> dict[str, TensorInfo]:
        """`default` and every endpoint."""
        shapes: dict[str, tuple[int | None, ...]] = {}
        for name, shape in architecture.endpoint_shapes(1, 1).items():
            is_map = len(shape) == 3 and name != GLOBAL_POOL
            shapes[name] = (None, None, None, shape[-1]) if is_map else (None, *shape)
        width = architecture.num_classes if self.output == LOGITS else architecture.num_features
        return {name: TensorInfo(shape) for name, shape in {"default": (None, width), **shapes}.items()}


def signatures(architecture: Architecture) -> dict[str, Signature]:
    """The original's five signatures; the three of a feature vector module where there is no head."""
    features = {
        "image_feature_vector": Signature(GLOBAL_POOL),
        "image_feature_vector_with_bn_hparams": Signature(GLOBAL_POOL, takes_momentum=True),
    }
    if not architecture.num_classes:
        return {"default": Signature(GLOBAL_POOL), **features}
    return {
        "default": Signature(LOGITS),
        "image_classification": Signature(LOGITS),
        "image_classification_with_bn_hparams": Signature(LOGITS, takes_momentum=True),
        **features,
    }


def find(architecture: Architecture, name: str | None) -> Signature:
    """The signature called `name`, None meaning `default`; raises `SignatureError` naming those there are."""
    known = signatures(architecture)
    chosen = "default" if name is None else name
    if not isinstance(chosen, str) or chosen not in known:
        raise SignatureError(f"Signature {name!r} is missing from the module; it has {', '.join(known)}.")
    return known[chosen]
