"""`hub.load` and `hub.KerasLayer` on an exported SavedModel; run by `test_tensorflow.py`.

`load_successor.py MODULE QUESTIONS ANSWERS`: see `load_hub_module.py`.
"""

import sys

import numpy as np
import tensorflow as tf
import tensorflow_hub as hub

path, questions, answers = sys.argv[1:]
with np.load(questions) as file:
    asked = {key: file[key] for key in file.files}
module = hub.load(path)
assert [len(v) for v in (module.variables, module.trainable_variables, module.regularization_losses)] == [
    277,
    141,
    69,
]
found = {}
for name, value in asked.items():
    if name.startswith("eval/"):
        images = tf.constant(value)
        found |= {f"{name}/endpoint/{key}": x for key, x in module(images, return_endpoints=True).items()}
        found[f"{name}/default/logits"] = module(images)
        found[f"{name}/served/logits"] = module.signatures["serving_default"](images)["logits"]
        found[f"{name}/layer/logits"] = hub.KerasLayer(path)(images)
if "train" in asked:
    found["momentum/regularization_loss"] = sum(loss() for loss in module.regularization_losses)
    outputs = module(
        asked["train"], training=True, batch_norm_momentum=asked["momentum"], return_endpoints=True
    )
    found["momentum/feature_vector"] = outputs["InceptionV2/global_pool"][:, 0, 0]
    moving = {v.name.split(":")[0]: v for v in module.variables if "moving_" in v.name}
    found |= {f"momentum/after/{name}": variable for name, variable in moving.items()}

    layer = hub.KerasLayer(path, trainable=True, arguments={"batch_norm_momentum": 0.9})
    before = [variable.numpy() for variable in layer.non_trainable_weights]
    layer(asked["train"], training=True)
    after = [variable.numpy() for variable in layer.non_trainable_weights]
    moved = sum(not np.array_equal(x, y) for x, y in zip(before, after, strict=True))
    found |= {
        "layer/trainable": len(layer.trainable_weights),
        "layer/losses": len(layer.losses),
        "layer/moved": moved,
    }
np.savez(answers, **{name: np.asarray(value) for name, value in found.items()})
