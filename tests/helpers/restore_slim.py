"""TF-Slim's own network restored from an exported checkpoint, with the `global_step` that its evaluation
restores too; run by `test_tensorflow.py`.

`restore_slim.py CHECKPOINT QUESTIONS ANSWERS DEPTH_MULTIPLIER NUM_CLASSES`: see `load_hub_module.py`.
"""

import sys
from pathlib import Path

import numpy as np
import tensorflow.compat.v1 as tf

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "recorded"))

from record_original import network  # noqa: E402

tf.disable_v2_behavior()
checkpoint, questions, answers, depth_multiplier, num_classes = sys.argv[1:]
images = tf.placeholder(tf.float32, [None, None, None, 3])
_, logits, _ = network(images, float(depth_multiplier), int(num_classes), False, 0.99)
step = tf.train.get_or_create_global_step()
with tf.Session() as session, np.load(questions) as file:
    tf.train.Saver().restore(session, tf.train.latest_checkpoint(checkpoint))
    names = [name for name in file.files if name.startswith("eval/")]
    logits_of = {f"{name}/logits": session.run(logits, {images: file[name]}) for name in names}
    np.savez(answers, global_step=session.run(step), **logits_of)
