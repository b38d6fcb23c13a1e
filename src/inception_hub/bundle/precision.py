"""The choice of a precision by what was measured of the module and what the machine has instructions for."""

from ..engines import EngineName, EngineOptions, Precision, load_engine
from .contents import Bundle

FASTEST_FIRST: tuple[Precision, ...] = ("int8", "bf16")


def fastest_measured(bundle: Bundle, engine: EngineName, options: EngineOptions) -> tuple[Precision, str]:
    """The fastest precision that the card of `bundle` has figures of and `engine` computes, and why.

    int8 counts if `quantize` measured the share of photos with the same first answer as in f32, bf16 if the
    module's accuracy in it was measured. `f32` where neither can be had, or where the network is to train.
    """
    if not options.trainable and not options.batch_statistics:
        for precision in FASTEST_FIRST:
            figures = _figures(precision, bundle)
            if figures is not None and load_engine(engine).computes(precision, options.device):
                return precision, figures
    return "f32", "no faster precision is both measured for this module and at hand here"


def _figures(precision: Precision, bundle: Bundle) -> str | None:
    """What the card says of the module in `precision`, None where it says nothing."""
    for facts in bundle.accuracy:
        if facts.get("precision") != precision:
            continue
        agreement, top1, data = (facts.get(name) for name in ("agreement", "top1", "data"))
        if precision == "int8" and bundle.int8 is not None and isinstance(agreement, float):
            return f"the same first answer as f32 for {agreement:.1%} of {data}"
        if precision == "bf16" and isinstance(top1, float):
            return f"{top1:.1%} top-1 on {data}"
    return None
