"""TF-Slim's own evaluation of an exported checkpoint on labelled PNG photos; run by `test_tensorflow.py`.

`evaluate_slim.py CHECKPOINT PHOTOS ANSWERS SIZE NUM_CLASSES`: PHOTOS (npz) holds the bytes of each photo
under its number, and `classes`; ANSWERS gets `accuracy` and `recall_5`. The steps are those of TF-Slim's
script `eval_image_classifier.py`, by the parts of tf_slim that it is made of: records, data provider,
network, streaming metrics and `evaluate_once`, which restores all variables, `global_step` among them. The
script itself imports `tensorflow.contrib`, which TensorFlow 2 does not have.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
import tensorflow.compat.v1 as tf

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "recorded"))

import record_original  # noqa: E402, F401  - tells tf_slim where Keras's legacy layers are
import tf_slim as slim  # noqa: E402
from tf_slim.data import dataset, dataset_data_provider, tfexample_decoder  # noqa: E402
from tf_slim.nets import inception_v2  # noqa: E402

IMAGE, FORMAT, LABEL = "image/encoded", "image/format", "image/class/label"
BATCH = 5


def feature(value):
    if isinstance(value, bytes):
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))
    return tf.train.Feature(int64_list=tf.train.Int64List(value=[value]))


def write_records(photos, path):
    with tf.io.TFRecordWriter(path) as writer:
        for index, label in enumerate(photos["classes"].tolist()):
            values = {IMAGE: photos[str(index)].tobytes(), FORMAT: b"png", LABEL: label}
            example = tf.train.Example(
                features=tf.train.Features(feature={name: feature(value) for name, value in values.items()})
            )
            writer.write(example.SerializeToString())
    return len(photos["classes"])


def labelled(path, count, num_classes, size):
    """A batch of images as TF-Slim prepares them for evaluation, with their classes."""
    decoder = tfexample_decoder.TFExampleDecoder(
        {
            IMAGE: tf.FixedLenFeature((), tf.string, ""),
            FORMAT: tf.FixedLenFeature((), tf.string, "png"),
            LABEL: tf.FixedLenFeature([], tf.int64),
        },
        {"image": tfexample_decoder.Image(), "label": tfexample_decoder.Tensor(LABEL)},
    )
    records = dataset.Dataset(
        path,
        tf.TFRecordReader,
        decoder,
        count,
        {"image": "a photo", "label": "its class"},
        num_classes=num_classes,
    )
    provider = dataset_data_provider.DatasetDataProvider(records, num_epochs=1, shuffle=False)
    image, label = provider.get(["image", "label"])
    image = tf.image.central_crop(tf.image.convert_image_dtype(image, tf.float32), 0.875)
    image = tf.squeeze(tf.image.resize_bilinear(image[None], [size, size], align_corners=False), [0])
    return tf.train.batch([image * 2 - 1, label], BATCH, capacity=count, allow_smaller_final_batch=True)


def evaluate(checkpoint, photos, size, num_classes):
    with tf.Graph().as_default(), tempfile.TemporaryDirectory() as folder:
        tf.train.get_or_create_global_step()
        count = write_records(photos, str(Path(folder) / "photos.tfrecord"))
        images, labels = labelled(str(Path(folder) / "photos.tfrecord"), count, num_classes, size)
        with slim.arg_scope(inception_v2.inception_v2_arg_scope()):
            logits, _ = inception_v2.inception_v2(images, num_classes, is_training=False)
        values, updates = slim.metrics.aggregate_metric_map(
            {
                "accuracy": slim.metrics.streaming_accuracy(tf.argmax(logits, 1), labels),
                "recall_5": slim.metrics.streaming_recall_at_k(logits, labels, 5),
            }
        )
        return slim.evaluation.evaluate_once(
            master="",
            checkpoint_path=tf.train.latest_checkpoint(checkpoint),
            logdir=folder,
            num_evals=-(-count // BATCH),
            eval_op=list(updates.values()),
            final_op=values,
            variables_to_restore=slim.get_variables_to_restore(),
        )


if __name__ == "__main__":
    tf.disable_v2_behavior()
    checkpoint, photos, answers, size, num_classes = sys.argv[1:]
    with np.load(photos) as content:
        np.savez(answers, **evaluate(checkpoint, content, int(size), int(num_classes)))
