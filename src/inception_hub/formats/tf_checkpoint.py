"""`tf-checkpoint`: TensorFlow's checkpoints. A V2 under TF-Slim's names is written, V1 and V2 are read.

Reading needs no TensorFlow: this file says which files a path means, those in `tensorflow/` read them.
"""

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..bundle import Bundle
from ..errors import FormatError, HandleError
from ..system.regular import open_regular
from .comparison import Check, Images, Outputs, compare
from .exported import Exported
from .options import Options
from .tensorflow import checkpoint_v1, checkpoint_v2
from .tensorflow.files import MAX_INDEX_BYTES, MAX_WEIGHTS_BYTES, naming, read_bounded, reading
from .tensorflow.table import MAGIC

NAME = "inception_v2.ckpt"
GLOBAL_STEP = "global_step"  # TF-Slim's evaluation restores it with the weights, int64, and stops without it
ACCEPTED = (
    "give a V1 checkpoint file, the prefix, .index or .data file of a V2 checkpoint, "
    "or a directory that holds one"
)
V2_FILE = re.compile(r"(.+)\.(index|data-\d{5,}-of-\d{5,})", re.DOTALL)
STATE = "checkpoint"  # the text file in which TensorFlow's Saver names the latest checkpoint of a directory


def files(path: Path) -> dict[str, Path]:
    """Of a directory all that may belong to a checkpoint, else the files of the one that `path` means."""
    if path.is_dir():
        named = {entry.name: entry for entry in path.iterdir() if entry.is_file()}
        return {n: entry for n, entry in named.items() if ".ckpt" in n or n == STATE or V2_FILE.fullmatch(n)}
    match = V2_FILE.fullmatch(path.name)
    prefix = match[1] if match else path.name
    parts = {p.name: p for p in path.parent.iterdir() if (m := V2_FILE.fullmatch(p.name)) and m[1] == prefix}
    return {**parts, path.name: path} if path.is_file() else parts


def read(path: Path) -> Exported:
    """The variables; a checkpoint says nothing else of its network."""
    return Exported.of_checkpoint(read_checkpoint(path))


def read_checkpoint(path: Path) -> dict[str, NDArray[np.generic]]:
    """Every numeric variable of a V1 or V2 checkpoint by name, checksums verified, partitions put together.

    `path` is a V1 file, the prefix or any file of a V2 checkpoint, or a directory with one checkpoint, or
    with several of which a `checkpoint` state file names the latest. Arrays have the file's own shape and
    dtype (bfloat16 as float32, which holds it exactly) and own their memory. An object-based checkpoint, as
    TensorFlow 2 writes them, gives the variables' own names. Variables that are not numbers (strings) are
    left out, whatever they are called: whether all of a network's weights are there, and nothing else, is for
    the check against its architecture to say.

    Raises `HandleError` for a path that leads to no checkpoint or cannot be read, and `FormatError`, naming
    the variable where it can, for a file that is damaged, hostile or larger than 2 GiB.
    """
    with reading(path):
        if path.is_dir():
            path = _find(path)
        match = V2_FILE.fullmatch(str(path))
        if path.is_file() and not match:
            if not _is_table(path):
                raise FormatError(
                    f"{path} is cut short or no TensorFlow checkpoint, for it lacks a table's footer; "
                    f"{ACCEPTED}."
                )
            with naming(path):
                return checkpoint_v1.read(memoryview(read_bounded(path, MAX_WEIGHTS_BYTES)))
        prefix = match[1] if match else str(path)
        if not Path(f"{prefix}.index").is_file():
            raise HandleError(
                f"{path} leads to no TensorFlow checkpoint, for there is no {prefix}.index; {ACCEPTED}."
            )
        return checkpoint_v2.read(prefix)


def _find(directory: Path) -> Path:
    """The one checkpoint of a directory, or the latest by its state file."""
    names = sorted(entry.name for entry in directory.iterdir() if entry.is_file())
    prefixes = [name.removesuffix(".index") for name in names if name.endswith(".index")]
    singles = [name for name in names if ".ckpt" in name and not V2_FILE.fullmatch(name)]
    checkpoints = prefixes + [name for name in singles if _is_table(directory / name)]
    if STATE in names:
        latest = _latest(directory / STATE)
        checkpoints = [name for name in checkpoints if name == latest] or checkpoints
    if len(checkpoints) != 1:
        listed = (
            f"{len(checkpoints)} TensorFlow checkpoints ({', '.join(checkpoints[:5])})"
            if checkpoints
            else "no TensorFlow checkpoint"
        )
        raise HandleError(f"{directory} holds {listed}; {ACCEPTED}.")
    return directory / (checkpoints[0] + ".index" if checkpoints[0] in prefixes else checkpoints[0])


def _latest(state: Path) -> str | None:
    """The file name of the latest checkpoint; its directory may be that of another machine."""
    with naming(state):
        content = read_bounded(state, MAX_INDEX_BYTES).decode("utf-8", "replace")
    match = re.search(r'^model_checkpoint_path: "([^"\n]*)"', content, re.MULTILINE)
    return re.split(r"[/\\]", match[1])[-1] if match else None


def _is_table(path: Path) -> bool:
    with open_regular(path) as file:
        size = file.seek(0, 2)
        file.seek(max(size - len(MAGIC), 0))
        return file.read(len(MAGIC)) == MAGIC


def write(bundle: Bundle, path: Path, options: Options) -> None:
    """The checkpoint, and the state file by which TensorFlow finds it in its directory."""
    from .tensorflow.library import save_checkpoint

    path.mkdir()
    save_checkpoint(str(path / NAME), variables(bundle))
    (path / STATE).write_bytes(f'model_checkpoint_path: "{NAME}"\n'.encode())


def variables(bundle: Bundle) -> dict[str, NDArray[np.generic]]:
    """What is written: the weights, and an int64 scalar `global_step` of 0."""
    return {**bundle.weights, GLOBAL_STEP: np.array(0, np.int64)}


def check(bundle: Bundle, path: Path, options: Options) -> Check:
    """Reads it with TensorFlow and computes with what was read."""
    from .tensorflow.graph import Graph
    from .tensorflow.library import LOADER, tf

    reader = tf.train.load_checkpoint(str(path))
    graph = Graph(
        bundle.architecture, {name: tf.constant(reader.get_tensor(name)) for name in bundle.weights}
    )

    def compute(images: Images) -> Outputs:
        return {name: np.asarray(value) for name, value in graph(tf.constant(images)).items()}

    return compare(bundle, compute, LOADER, options)
