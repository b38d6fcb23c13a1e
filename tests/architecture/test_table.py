"""The table against TF-Slim's published and recorded figures."""

import json

from helpers.cases import RECORDED

from inception_hub.architecture import Architecture


def test_the_277_variables_are_tensorflows_own() -> None:
    """Names, shapes and flags as TensorFlow's collections gave them; see data/record_original.py."""
    recorded = json.loads((RECORDED / "variables.json").read_text("utf-8"))
    table = {
        variable.name: {
            "shape": list(variable.shape),
            "trainable": variable.trainable,
            "regularized": variable.regularized,
        }
        for variable in Architecture().variables.values()
    }
    assert table == recorded
    assert len(table) == 277
    assert sum(v["trainable"] for v in table.values()) == 141
    assert sum(v["regularized"] for v in table.values()) == 69


def test_sizes_are_the_published_ones() -> None:
    original = Architecture()
    assert original.num_parameters() == 11_199_137
    assert Architecture(num_classes=0).num_parameters() == 10_173_112
    assert sum(v.size for v in original.variables.values() if v.trainable) == 11_179_361
    assert original.macs(224, 224) == 1_934_858_240
    assert original.num_features == 1024


def test_endpoint_shapes_at_224() -> None:
    shapes = Architecture().endpoint_shapes(224, 224)
    assert {name.removeprefix("InceptionV2/"): shape for name, shape in shapes.items()} == {
        "Conv2d_1a_7x7": (112, 112, 64),
        "MaxPool_2a_3x3": (56, 56, 64),
        "Conv2d_2b_1x1": (56, 56, 64),
        "Conv2d_2c_3x3": (56, 56, 192),
        "MaxPool_3a_3x3": (28, 28, 192),
        "Mixed_3b": (28, 28, 256),
        "Mixed_3c": (28, 28, 320),
        "Mixed_4a": (14, 14, 576),
        "Mixed_4b": (14, 14, 576),
        "Mixed_4c": (14, 14, 576),
        "Mixed_4d": (14, 14, 576),
        "Mixed_4e": (14, 14, 576),
        "Mixed_5a": (7, 7, 1024),
        "Mixed_5b": (7, 7, 1024),
        "Mixed_5c": (7, 7, 1024),
        "global_pool": (1, 1, 1024),
        "Logits": (1001,),
        "Predictions": (1001,),
    }
    assert tuple(shapes) == Architecture().endpoint_names
