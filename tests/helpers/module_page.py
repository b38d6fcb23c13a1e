"""The snippets of the original's own page on tfhub.dev, word for word; run by `test_tensorflow.py`.

`TFHUB_CACHE_DIR` holds the exported module where TensorFlow Hub would have put its download; the archive
given as the argument is fetched from a server on this machine as well.
"""

import http.server
import sys
import threading
from pathlib import Path

import numpy as np
import tensorflow.compat.v1 as tf
import tensorflow_hub as hub

tf.disable_v2_behavior()


def usage():
    module = hub.Module("https://tfhub.dev/google/imagenet/inception_v2/classification/3")
    height, width = hub.get_expected_image_size(module)
    images = np.random.RandomState(0).random_sample([2, height, width, 3])
    logits = module(images)  # Logits with shape [batch_size, num_classes].
    return logits


def fine_tuning():
    images = tf.constant(np.random.RandomState(0).random_sample([2, 64, 64, 3]), tf.float32)
    module = hub.Module("https://tfhub.dev/google/imagenet/inception_v2/classification/3",
                        trainable=True, tags={"train"})  # fmt: skip
    logits = module(inputs=dict(images=images, batch_norm_momentum=0.997),
                    signature="image_classification_with_bn_hparams")  # fmt: skip
    labels = tf.constant([1, 2])
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits) + tf.losses.get_regularization_loss()
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
        return loss, tf.train.GradientDescentOptimizer(1e-3).minimize(loss)


def from_a_server(archive):
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(archive)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        module = hub.Module(f"http://127.0.0.1:{server.server_port}/inception_v2/classification/3")
        server.shutdown()
    assert asked == ["/inception_v2/classification/3?tf-hub-format=compressed"]
    return module


with tf.Graph().as_default(), tf.Session() as session:
    logits = usage()
    served = from_a_server(Path(sys.argv[1]).read_bytes())
    session.run(tf.global_variables_initializer())
    assert session.run(logits).shape[0] == 2
    assert len(session.run(served.variable_map)) == 277
with tf.Graph().as_default(), tf.Session() as session:
    loss, step = fine_tuning()
    session.run(tf.global_variables_initializer())
    losses = [session.run([loss, step])[0] for _ in range(5)]
    assert np.isfinite(losses).all()
    assert losses[-1] != losses[0]
