"""tensorflow_hub 0.15's own `hub.Module` on an exported module; run by `test_tensorflow.py`, see there.

`load_hub_module.py MODULE QUESTIONS ANSWERS EXPORTED`: QUESTIONS (npz) holds `eval/<name>` and `train`,
images, and `momentum`; ANSWERS gets what the module answers to them; EXPORTED what `module.export` writes.
"""

import sys

import numpy as np
import tensorflow.compat.v1 as tf
import tensorflow_hub as hub

tf.disable_v2_behavior()


def infer(path, questions, answers, exported):
    with tf.Graph().as_default(), tf.Session() as session:
        module = hub.Module(path)
        assert sorted(module.get_signature_names()) == [
            "default",
            "image_classification",
            "image_classification_with_bn_hparams",
            "image_feature_vector",
            "image_feature_vector_with_bn_hparams",
        ]
        images = tf.placeholder(tf.float32, [None, None, None, 3])
        with_momentum = {"images": images, "batch_norm_momentum": 0.5}
        fetches = {
            "endpoint": module(images, signature="image_classification", as_dict=True),
            "features": {"feature_vector": module(images, signature="image_feature_vector")},
            "default": {"logits": module(images)},
            "with_momentum": {
                "logits": module(with_momentum, signature="image_classification_with_bn_hparams"),
                "feature_vector": module(with_momentum, signature="image_feature_vector_with_bn_hparams"),
            },
        }
        answers["size"] = hub.get_expected_image_size(module)
        answers["channels"] = hub.get_num_image_channels(module)
        session.run(tf.global_variables_initializer())
        for name, value in questions.items():
            if name.startswith("eval/"):
                for group, found in session.run(fetches, {images: value}).items():
                    answers |= {f"{name}/{group}/{key}": array for key, array in found.items()}
        module.export(exported, session)
    return answers


def train(path, images, momentum):
    answers = {}
    for case, inputs, signature in (
        ("default", images, "image_feature_vector"),
        (
            "momentum",
            {"images": images, "batch_norm_momentum": momentum},
            "image_feature_vector_with_bn_hparams",
        ),
    ):
        with tf.Graph().as_default(), tf.Session() as session:
            module = hub.Module(path, trainable=True, tags={"train"})
            features = module(inputs, signature=signature)
            updates = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
            counts = {
                "variables": len(tf.global_variables()),
                "model_variables": len(tf.model_variables()),
                "trainable": len(tf.trainable_variables()),
                "losses": len(tf.losses.get_regularization_losses()),
                "updates": len(updates),
            }
            session.run(tf.global_variables_initializer())
            answers |= {f"{case}/count/{key}": value for key, value in counts.items()}
            answers[f"{case}/feature_vector"] = session.run(features)
            answers[f"{case}/regularization_loss"] = session.run(tf.losses.get_regularization_loss())
            session.run(updates)
            moving = {name: v for name, v in module.variable_map.items() if "moving_" in name}
            answers |= {f"{case}/after/{name}": value for name, value in session.run(moving).items()}
    return answers


def main():
    path, questions, answers, exported = sys.argv[1:]
    with np.load(questions) as file:
        asked = {key: file[key] for key in file.files}
    found = infer(path, asked, {}, exported)
    if "train" in asked:
        found |= train(path, asked["train"], float(asked["momentum"]))
    np.savez(answers, **found)


if __name__ == "__main__":
    main()
