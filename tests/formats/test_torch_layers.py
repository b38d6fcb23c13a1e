"""A PyTorch program of a module's int8 arrays computes what its int8 graph does."""

import numpy as np
import torch
from helpers.cases import images_from_seed

from inception_hub import load_module_spec
from inception_hub.architecture import LOGITS_LAYER
from inception_hub.formats.comparison import relative_error
from inception_hub.formats.openvino import int8_reference
from inception_hub.formats.options import Options
from inception_hub.formats.torch_layers import Int8Layers
from inception_hub.formats.torch_network import Program


def test_int8_computes_what_the_int8_graph_does() -> None:
    source = load_module_spec("tiny_imagenet").bundle
    assert source.int8 is not None
    layers = Int8Layers(source.architecture, source.int8)
    program = Program(source.architecture, layers, evidence=True)
    images = images_from_seed((2, 64, 96, 3), 0)
    expected = int8_reference(source, Options(int8=True))(images)
    with torch.inference_mode():
        outputs = {name: value.numpy() for name, value in program(torch.from_numpy(images)).items()}
    assert relative_error(outputs["feature_vector"], expected["InceptionV2/global_pool"][:, 0, 0]) < 5e-2
    assert relative_error(outputs["logits"], expected["InceptionV2/Logits"]) < 5e-2
    assert outputs["evidence"].shape == (2, 2, 3, 200)
    kernel = layers.get_buffer(f"{LOGITS_LAYER}/kernel")
    assert kernel.dtype == torch.float32
    stored = source.int8[f"{LOGITS_LAYER}/weights"][0, 0].astype(np.float32)
    wanted = stored * source.int8[f"{LOGITS_LAYER}/scale"]
    assert np.allclose(layers.head_kernel().numpy(), wanted, atol=1e-7)
