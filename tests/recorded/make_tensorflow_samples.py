"""Writes the small TensorFlow files in `tensorflow/` beside itself, with TensorFlow's own writers.

Not run by the tests. Environment: Python 3.11 with `tensorflow==2.13.1`, `tensorflow_hub==0.15.0`,
`cramjam` and `crc32c`; no GPU. Then `python tests/recorded/make_tensorflow_samples.py`.

- `v1.ckpt`, `v2.*`, `sharded.*`: the same variables as a V1 file, a V2 checkpoint and one in two shards:
  many dtypes, an int64 `global_step`, partitioned variables, a string; V2 also has dtypes that V1 has not.
- `snappy.ckpt`: a V1 file in compressed blocks. TensorFlow reads such blocks but 2.13 writes none, so this
  table is put together here, from TensorFlow's protocol buffers, and read back by TensorFlow.
- `objects/`: a TF2 SavedModel, whose checkpoint stores variables by their place among objects.
- `hub/`: a TF1 Hub module of two variants with different image sizes.
- `expected.npz`: `<checkpoint>/<variable>`, the numeric ones, as the session held them.
"""

import os
import shutil
import struct
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import cramjam
import numpy as np
import tensorflow as tf2
import tensorflow.compat.v1 as tf
import tensorflow_hub as hub
from crc32c import crc32c
from tensorflow.core.framework import types_pb2
from tensorflow.core.util import saved_tensor_slice_pb2

SAMPLES = Path(__file__).resolve().parent / "tensorflow"
V1_DTYPES = ("float64", "float16", "int32", "int16", "int8", "uint8", "bool")
V2_DTYPES = ("complex64", "uint16", "uint32", "uint64")


def variable(name, values):
    return {name: tf.get_variable(name, initializer=tf.constant(values), use_resource=False)}


def partitioned(name, shape, parts, axis, generator):
    """A variable in slices; starts beyond 63 and beyond 8191 take more bytes in the keys of V2."""
    slices = tf.get_variable(
        name,
        shape=shape,
        dtype=tf.int8 if len(shape) == 2 else tf.float32,
        initializer=lambda shape, dtype, partition_info: tf.constant(
            generator.randint(-128, 128, shape).astype(dtype.as_numpy_dtype)
        ),
        partitioner=tf.fixed_size_partitioner(parts, axis=axis),
        use_resource=False,
    )
    return {name: slices.as_tensor()}


def save_checkpoint(name, write_version, sharded=False):
    tf.reset_default_graph()
    generator = np.random.RandomState(0)
    is_v2 = write_version == tf.train.SaverDef.V2
    with tf.device("/cpu:0"):
        held = variable("InceptionV2/kernel/weights", generator.normal(size=(3, 3, 2, 4)).astype(np.float32))
        held |= variable("InceptionV2/zeros", np.zeros((16, 4), np.float32))
        held |= variable("empty", np.zeros((0, 3), np.float32))
        held |= variable("global_step", np.int64(-12345678901))
    with tf.device("/cpu:1" if sharded else "/cpu:0"):
        for dtype in V1_DTYPES + (V2_DTYPES if is_v2 else ()):
            held |= variable(f"dtypes/{dtype}", generator.randint(-100, 100, (2, 3)).astype(dtype))
        held |= partitioned("parts/rows", (5, 3, 2), 2, 0, generator)
        held |= partitioned("parts/columns", (2, 200, 2), 3, 1, generator)
        if is_v2:
            held |= partitioned("parts/long", (17000, 1), 2, 0, generator)
            bfloat16 = tf.get_variable(
                "dtypes/bfloat16", initializer=tf.cast([1.5, -2.0, 3.1415926], tf.bfloat16)
            )
            held["dtypes/bfloat16"] = tf.cast(bfloat16, tf.float32)
        variable("names", np.array([b"cat", b"dog"]))
    with tf.Session(config=tf.ConfigProto(device_count={"CPU": 2})) as session:
        session.run(tf.global_variables_initializer())
        saver = tf.train.Saver(write_version=write_version, sharded=sharded)
        saver.save(session, str(SAMPLES / name), write_meta_graph=False, write_state=False)
        return {f"{name}/{key}": values for key, values in session.run(held).items()}


def save_snappy():
    """A V1 table written here, its blocks compressed by Snappy."""
    generator = np.random.RandomState(1)
    tensors = {
        "compressible/repeated": np.tile(generator.normal(size=7).astype(np.float32), (100, 1)),
        "compressible/zeros": np.zeros((50, 100), np.float32),
        "mixed": np.concatenate([generator.normal(size=3000), np.ones(500)]).astype(np.float32),
    }
    meta = saved_tensor_slice_pb2.SavedTensorSlices()
    records = {}
    for name, values in sorted(tensors.items()):
        announced = meta.meta.tensor.add(name=name, type=types_pb2.DT_FLOAT)
        record = saved_tensor_slice_pb2.SavedTensorSlices()
        record.data.name = name
        for size in values.shape:
            announced.shape.dim.add(size=size)
            record.data.slice.extent.add()
        announced.slice.add().CopyFrom(record.data.slice)
        record.data.data.float_val.extend(values.ravel().tolist())
        whole = b"\x80\x7f" * values.ndim  # start 0 and length -1 of every axis
        records[b"\0" + name.encode() + b"\0\1" + bytes([1, values.ndim]) + whole] = (
            record.SerializeToString()
        )
    path = SAMPLES / "snappy.ckpt"
    write_table(path, {b"": meta.SerializeToString(), **records})
    reader = tf.train.load_checkpoint(str(path))
    return {f"{path.name}/{name}": reader.get_tensor(name) for name in tensors}


def write_table(path, records):
    file = bytearray()

    def block(entries):
        content = bytearray()
        restarts = []
        previous = b""
        for number, (key, value) in enumerate(entries):
            shared = len(os.path.commonprefix([key, previous])) if number % 16 else 0
            if not shared:
                restarts.append(len(content))
            content += varint(shared) + varint(len(key) - shared) + varint(len(value)) + key[shared:] + value
            previous = key
        content += struct.pack(f"<{len(restarts) + 1}I", *restarts, len(restarts))
        stored = bytes(cramjam.snappy.compress_raw(bytes(content))) + b"\1"
        crc = crc32c(stored)
        handle = varint(len(file)) + varint(len(stored) - 1)
        file.extend(stored + struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF))
        return handle

    items = list(records.items())
    index = block([(part[-1][0], block(part)) for part in (items[:3], items[3:])])
    footer = block([]) + index
    path.write_bytes(file + footer.ljust(40, b"\0") + bytes.fromhex("57fb808b247547db"))


def varint(value):
    groups = bytearray()
    while value > 0x7F:
        groups.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(groups) + bytes([value])


def save_objects():
    generator = np.random.RandomState(2)
    tensors = {
        "InceptionV2/kernel/weights": generator.normal(size=(3, 3, 2, 4)).astype(np.float32),
        "InceptionV2/kernel/BatchNorm/beta": generator.normal(size=4).astype(np.float32),
    }
    model = tf2.train.Checkpoint()
    model.variables = [tf2.Variable(values, name=name) for name, values in tensors.items()]
    model.twins = [tf2.Variable(number, name="twin") for number in (1, 2)]
    tf2.saved_model.save(model, str(SAMPLES / "objects"))
    (SAMPLES / "objects" / "fingerprint.pb").unlink()
    # Of variables that share a name each keeps its place.
    stored = {f"twins/{i}/.ATTRIBUTES/VARIABLE_VALUE": np.int32(i + 1) for i in range(2)}
    return {
        f"objects/{name}": values
        for name, values in {**tensors, **stored, "save_counter": np.int64(0)}.items()
    }


def save_hub_module():
    def module(training):
        images = tf.placeholder(tf.float32, [None, None, None, 3])
        names = tf.placeholder(tf.string, None)
        scale = tf.get_variable("scale", initializer=tf.constant([1.0, 2.0, 3.0]))
        hub.add_signature(None, images, images * scale)
        hub.add_signature("named", {"images": images, "names": names}, {"default": tf.shape(images)})
        size = hub.ImageModuleInfo()
        size.default_image_size.height, size.default_image_size.width = (5, 6) if training else (3, 4)
        hub.attach_image_module_info(size)

    spec = hub.create_module_spec(module, [({"train"}, {"training": True}), (set(), {"training": False})])
    tf.reset_default_graph()
    instance = hub.Module(spec)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        instance.export(str(SAMPLES / "hub"), session)


def main():
    shutil.rmtree(SAMPLES, ignore_errors=True)
    SAMPLES.mkdir()
    expected = save_objects()
    tf.disable_v2_behavior()
    expected |= save_checkpoint("v1.ckpt", tf.train.SaverDef.V1)
    expected |= save_checkpoint("v2", tf.train.SaverDef.V2)
    expected |= save_checkpoint("sharded", tf.train.SaverDef.V2, sharded=True)
    expected |= save_snappy()
    np.savez_compressed(SAMPLES / "expected.npz", **expected)
    save_hub_module()


if __name__ == "__main__":
    main()
