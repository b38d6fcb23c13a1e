"""`litert`: a .tflite model for LiteRT, which was TensorFlow Lite, in float32 or of the module's int8 arrays.

Labels, normalisation and all else that a module says of itself stand in its metadata: `litert_metadata`. It
cannot be read back: batch norm is folded.
"""
# pyright: reportMissingImports=false

from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..bundle import Bundle
from .comparison import TOLERANCE, Check, Outputs
from .converting import converting
from .litert_metadata import with_metadata
from .named_outputs import IMAGES, compare_outputs
from .openvino import int8_reference
from .options import Options

if TYPE_CHECKING:
    from .torch_network import Program

CONVERTER, RUNTIME = "litert-torch", "ai-edge-litert"
# A value at the edge of two steps falls to either, by how a runtime adds, as in ONNX: 2.7e-2 was seen.
INT8_TOLERANCE = 1e-1


def write(bundle: Bundle, path: Path, options: Options) -> None:
    """The model, for images of one size and number: by default one of the module's size."""
    import torch

    with converting(CONVERTER):
        import litert_torch

        images = {IMAGES: torch.zeros(options.fixed(bundle).shape)}
        content = litert_torch.convert(
            _program(bundle, options),
            sample_kwargs=images,
            quant_config=_quantized() if options.int8 else None,
        ).model_content()
        content = with_metadata(content, bundle)
    path.write_bytes(content)


def _program(bundle: Bundle, options: Options) -> "Program":
    from .torch_layers import Int8Layers, Layers
    from .torch_network import Program

    if options.int8 and bundle.int8 is not None:
        return Program(bundle.architecture, Int8Layers(bundle.architecture, bundle.int8))
    return Program(bundle.architecture, Layers(bundle.architecture, bundle.weights))


def _quantized() -> Any:
    """What makes the converter join rounding and operators; the program has been quantized already."""
    from litert_torch.quantize import pt2e_quantizer
    from litert_torch.quantize.quant_config import QuantConfig

    scheme = pt2e_quantizer.get_symmetric_quantization_config(is_per_channel=True)
    return QuantConfig(pt2e_quantizer=pt2e_quantizer.PT2EQuantizer().set_global(scheme))


def check(bundle: Bundle, path: Path, options: Options) -> Check:
    """Runs it in LiteRT's interpreter; int8 is compared with the module's int8 graph on OpenVINO."""
    with converting(RUNTIME):
        from ai_edge_litert.interpreter import Interpreter

        run = Interpreter(str(path)).get_signature_runner()

    def compute(images: Any) -> Outputs:
        return run(**{IMAGES: images})

    fixed, loader = options.fixed(bundle), f"{RUNTIME} {version(RUNTIME)}"
    expect = int8_reference(bundle, options) if options.int8 else None
    tolerance = INT8_TOLERANCE if options.int8 else TOLERANCE
    return compare_outputs(bundle, compute, loader, fixed, expect, tolerance)
