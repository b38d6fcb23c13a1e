"""The original: `hub.Module` on TensorFlow 2.13, photos read and batched by tf.data. SETTING: f32."""
# pyright: reportMissingImports=false

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import tensorflow.compat.v1 as tf
import tensorflow_hub as hub
from measure import Classify, main

BATCH = 16


def load(models: Path, setting: str) -> Classify:
    tf.disable_v2_behavior()
    tf.logging.set_verbosity(tf.logging.ERROR)
    module = hub.Module(str(models / "original"))
    height, width = hub.get_expected_image_size(module)

    def image(path: tf.Tensor) -> tf.Tensor:
        pixels = tf.image.central_crop(tf.io.decode_jpeg(tf.io.read_file(path), channels=3), 0.875)
        return tf.image.resize_bilinear(pixels[None], [height, width])[0] / 255

    paths = tf.placeholder(tf.string, [None])
    photos = tf.data.Dataset.from_tensor_slices(paths).map(image, tf.data.AUTOTUNE)
    iterator = tf.data.make_initializable_iterator(photos.batch(BATCH).prefetch(tf.data.AUTOTUNE))
    images = tf.ensure_shape(iterator.get_next(), [None, height, width, 3])
    answers = tf.argmax(module(images), 1)
    session = tf.Session()
    session.run(tf.global_variables_initializer())

    def classify(given: Sequence[str]) -> Iterator[int]:
        session.run(iterator.initializer, {paths: list(given)})
        for _ in range(0, len(given), BATCH):
            yield from session.run(answers)

    return classify


if __name__ == "__main__":
    main(load)
