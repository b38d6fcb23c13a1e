"""Imports TensorFlow without its messages on standard error; wraps its checkpoint writer and its errors."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any


@contextmanager
def _silence() -> Iterator[None]:
    """Discards what C++ writes to standard error: TensorFlow's import tells of CPUs and GPUs there."""
    kept, nothing = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nothing, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nothing)


os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # what it would tell later
with _silence():
    import tensorflow  # pyright: ignore[reportMissingModuleSource]

tf: Any = tensorflow
tf.get_logger().setLevel("ERROR")  # what is deprecated here is so for the sake of the old formats
LOADER = f"tensorflow {tf.__version__}"


def save_checkpoint(prefix: str, weights: Mapping[str, Any]) -> None:
    """A V2 checkpoint with `weights` under their own names."""
    names = sorted(weights)
    with system_errors():
        tf.raw_ops.SaveV2(
            prefix=prefix,
            tensor_names=names,
            shape_and_slices=[""] * len(names),
            tensors=[weights[name] for name in names],
        )


@contextmanager
def system_errors() -> Iterator[None]:
    """Turns what the file system says through TensorFlow (full, read-only) into the `OSError` it is."""
    try:
        yield
    except tf.errors.OpError as error:
        raise OSError(str(error.message).splitlines()[0]) from error
