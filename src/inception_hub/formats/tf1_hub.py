"""`tf1-hub`: the module directory, or its `.tar.gz`, that tensorflow_hub 0.15's `hub.Module` loads.

Formats: tensorflow_hub/module_def.proto; tensorflow/core/protobuf/saved_model.proto. Written with TensorFlow
alone, and loaded back with it as `hub.Module` would.
"""

import gzip
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..architecture import GLOBAL_POOL
from ..bundle import Bundle
from ..signatures import IMAGES
from .comparison import Answers, Check, Images, compare
from .options import Options
from .tensorflow.hub_module import FORMAT_V3, GRAPHS_FILE, MODULE_FILE, VARIABLES
from .tensorflow.protobuf import chunk, encoded, fields
from .tensorflow_library import LOADER, save_checkpoint, tf
from .tf1_variant import meta_graph

v1 = tf.compat.v1
VARIANTS = ((), ("train",))
ARCHIVE = ".tar.gz"


def write(bundle: Bundle, path: Path, options: Options) -> None:
    """The directory; where `path` ends in .tar.gz, that as a hub server sends it."""
    if path.name.endswith(ARCHIVE):
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            write(bundle, Path(folder) / "module", options)
            _pack(Path(folder) / "module", path)
        return
    (path / VARIABLES).parent.mkdir(parents=True)
    save_checkpoint(str(path / VARIABLES), bundle.weights)
    graphs = [meta_graph(bundle, tags).SerializeToString(deterministic=True) for tags in VARIANTS]
    (path / GRAPHS_FILE).write_bytes(encoded(1, 1) + b"".join(encoded(2, graph) for graph in graphs))
    (path / MODULE_FILE).write_bytes(encoded(1, FORMAT_V3))


def _pack(directory: Path, archive: Path) -> None:
    """The archive's root is the module's; no times or owners, so the same module is the same file."""

    def anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
        member.mtime = member.uid = member.gid = 0
        member.uname = member.gname = ""
        return member

    with open(archive, "wb") as file, gzip.GzipFile("", "wb", fileobj=file, mtime=0) as packed:
        with tarfile.open(mode="w", fileobj=packed) as tar:
            for path in sorted(directory.rglob("*")):
                tar.add(path, path.relative_to(directory).as_posix(), recursive=False, filter=anonymous)


def check(bundle: Bundle, path: Path, options: Options) -> Check:
    """Both variants load with their weights, and the one for inference answers."""
    with _unpacked(path) as directory:
        message = memoryview((directory / GRAPHS_FILE).read_bytes())
        graphs = [
            v1.MetaGraphDef.FromString(bytes(chunk(value))) for part, value in fields(message) if part == 2
        ]
        sessions = {tuple(graph.meta_info_def.tags): _session(directory, graph) for graph in graphs}
    session, (inference, _) = sessions[()], graphs
    outputs = inference.signature_def["image_feature_vector"].outputs
    fetches = {name: info.name for name, info in outputs.items()}

    def answer(images: Images) -> Answers:
        found = session.run(fetches, {f"{IMAGES}:0": images})
        vectors = found.pop("default")
        return {**found, GLOBAL_POOL: vectors[:, None, None]}

    try:
        return compare(bundle, answer, LOADER, options)
    finally:
        for session in sessions.values():
            session.close()


def _session(directory: Path, graph: Any) -> Any:
    with tf.Graph().as_default():
        saver = v1.train.import_meta_graph(graph)
        session = v1.Session()
        saver.restore(session, str(directory / VARIABLES))
        return session


@contextmanager
def _unpacked(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield path
        return
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        with tarfile.open(path) as tar:
            tar.extractall(folder, filter="data")
        yield Path(folder)
