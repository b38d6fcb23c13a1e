"""`tf1-hub`: the module directory, or its `.tar.gz`, that tensorflow_hub 0.15's `hub.Module` loads.

Formats: tensorflow_hub/module_def.proto, module_attachment.proto and image_module_info.proto;
tensorflow/core/protobuf/saved_model.proto and meta_graph.proto. Written with TensorFlow alone, and loaded
back with it as `hub.Module` would. Read without it, the directory only: weights and image size; graphs and
signatures are skipped, as what they compute is written down in `architecture/table.py`.
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
from ..errors import FormatError
from ..signatures import IMAGES
from .comparison import Check, Images, Outputs, compare
from .exported import Exported
from .options import Options
from .tensorflow.files import MAX_GRAPHS_BYTES, naming, read_bounded, reading
from .tensorflow.protobuf import EMPTY, chunk, encoded, fields, signed, text, unsigned
from .tf_checkpoint import read_checkpoint

MODULE_FILE = "tfhub_module.pb"  # its presence tells a TF1 Hub module from any other SavedModel
GRAPHS_FILE = "saved_model.pb"
VARIABLES = "variables/variables"  # prefix of the checkpoint in any SavedModel
FORMAT_V3 = 3
VARIANTS = ((), ("train",))
ATTACHMENTS = "hub_module_attachments"
IMAGE_MODULE_INFO = "image_module_info"
ARCHIVE = ".tar.gz"
MAX_IMAGE_SIDE = 1 << 16  # pixels
MAX_VARIANTS = 16
MAX_ATTACHMENTS_BYTES = 1 << 18  # of one variant; an image size takes 29


def matches(path: Path) -> bool:
    """Whether `path` is the directory of a TF1 Hub module."""
    return (path / MODULE_FILE).is_file()


def files(path: Path) -> dict[str, Path]:
    """All files of the directory, by their paths in it."""
    return {entry.relative_to(path).as_posix(): entry for entry in path.rglob("*") if entry.is_file()}


def read(path: Path) -> Exported:
    """The variables and the image size; raises what `read_image_size` and `read_checkpoint` do."""
    size = read_image_size(path)
    return Exported.of_checkpoint(read_checkpoint(path / f"{VARIABLES}.index"), size)


def read_image_size(path: Path) -> tuple[int, int] | None:
    """The default (height, width) in pixels, None where the module states none.

    Raises `HandleError` where a file is missing or cannot be read, `FormatError` for one that is
    damaged, larger than 16 MiB, or of a format other than tensorflow_hub 0.15 reads.
    """
    with reading(path):
        definition, graphs = path / MODULE_FILE, path / GRAPHS_FILE
        with naming(definition):
            _check_format(memoryview(read_bounded(definition, MAX_GRAPHS_BYTES)))
        with naming(graphs):
            return _read_graphs(memoryview(read_bounded(graphs, MAX_GRAPHS_BYTES)))


def _check_format(message: memoryview) -> None:
    """ModuleDef: format 3 and no features of which this reader would know nothing."""
    received, features = 0, []
    for number, value in fields(message):
        if number == 1:
            received = unsigned(value)
        elif number == 2:
            features.append(text(value))
    if received != FORMAT_V3:
        raise FormatError(f"module format {received}, where only {FORMAT_V3} is known,")
    if features:
        raise FormatError(f"required features {', '.join(features[:5])}, where none is known,")


def _read_graphs(message: memoryview) -> tuple[int, int] | None:
    """SavedModel: the image size that the variant for inference states, else another."""
    sizes: dict[frozenset[str], tuple[int, int] | None] = {}
    for number, value in fields(message):
        if number == 2:
            if len(sizes) == MAX_VARIANTS:
                raise FormatError(f"more than {MAX_VARIANTS} graph variants")
            tags, size = _read_variant(chunk(value))
            if tags in sizes:
                raise FormatError(f"two graph variants with the tags {sorted(tags)}")
            sizes[tags] = size
    if not sizes:
        raise FormatError("no graph variant")
    # The variant for inference has no tags and sorts first.
    stated = (sizes[tags] for tags in sorted(sizes, key=sorted))
    return next((size for size in stated if size), None)


def _read_variant(message: memoryview) -> tuple[frozenset[str], tuple[int, int] | None]:
    """MetaGraphDef: tags and image size."""
    tags: set[str] = set()
    size, left = None, MAX_ATTACHMENTS_BYTES
    for number, value in fields(message):
        if number == 1:
            tags |= {text(tag) for part, tag in fields(chunk(value)) if part == 4}
        elif number == 4:
            collection, content = _map_entry(chunk(value))
            if collection == ATTACHMENTS:
                left -= len(content)
                if left < 0:
                    raise FormatError(f"more than {MAX_ATTACHMENTS_BYTES >> 10} KiB of attachments")
                size = _read_attachments(content)
    return frozenset(tags), size


def _read_attachments(collection: memoryview) -> tuple[int, int] | None:
    """The image size in a CollectionDef of ModuleAttachments; zero is as good as nothing."""
    for content in _messages(collection, 2):
        for attachment in _messages(content, 1):
            key, value = _map_entry(attachment)
            if key != IMAGE_MODULE_INFO:
                continue
            for size in _messages(value, 1):
                parts = {number: signed(part) for number, part in fields(size)}
                height, width = parts.get(1, 0), parts.get(2, 0)
                if not (0 <= height <= MAX_IMAGE_SIDE and 0 <= width <= MAX_IMAGE_SIDE):
                    raise FormatError(f"an image size of {height} x {width}")
                return (height, width) if height and width else None
    return None


def _messages(message: memoryview, field: int) -> Iterator[memoryview]:
    return (chunk(value) for number, value in fields(message) if number == field)


def _map_entry(message: memoryview) -> tuple[str, memoryview]:
    """Key and value of a map's entry, which a ModuleAttachment looks like."""
    parts = dict(fields(message))
    return text(parts.get(1, EMPTY)), chunk(parts.get(2, EMPTY))


def _attachment(size: tuple[int, int]) -> bytes:
    """A ModuleAttachment with an ImageModuleInfo."""
    height, width = size
    info = encoded(1, encoded(1, height) + encoded(2, width))
    return encoded(1, IMAGE_MODULE_INFO.encode()) + encoded(2, info)


def write(bundle: Bundle, path: Path, options: Options) -> None:
    """The directory; where `path` ends in .tar.gz, that as a hub server sends it."""
    from .tensorflow.library import save_checkpoint
    from .tensorflow.variant import meta_graph

    if path.name.endswith(ARCHIVE):
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            write(bundle, Path(folder) / "module", options)
            _pack(Path(folder) / "module", path)
        return
    (path / VARIABLES).parent.mkdir(parents=True)
    save_checkpoint(str(path / VARIABLES), bundle.weights)
    content = encoded(1, 1)
    for tags in VARIANTS:
        graph = meta_graph(bundle.architecture, tags)
        graph.collection_def[ATTACHMENTS].bytes_list.value.append(_attachment(bundle.image_size))
        content += encoded(2, graph.SerializeToString(deterministic=True))
    (path / GRAPHS_FILE).write_bytes(content)
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
    """Both variants load with their weights; the outputs of the one for inference are compared."""
    from .tensorflow.library import LOADER, tf

    with _unpacked(path) as directory:
        message = memoryview((directory / GRAPHS_FILE).read_bytes())
        graphs = [
            tf.compat.v1.MetaGraphDef.FromString(bytes(chunk(value)))
            for part, value in fields(message)
            if part == 2
        ]
        sessions = {tuple(graph.meta_info_def.tags): _session(directory, graph) for graph in graphs}
    session, (inference, _) = sessions[()], graphs
    outputs = inference.signature_def["image_feature_vector"].outputs
    fetches = {name: info.name for name, info in outputs.items()}

    def compute(images: Images) -> Outputs:
        endpoints = session.run(fetches, {f"{IMAGES}:0": images})
        vectors = endpoints.pop("default")
        return {**endpoints, GLOBAL_POOL: vectors[:, None, None]}

    try:
        return compare(bundle, compute, LOADER, options)
    finally:
        for session in sessions.values():
            session.close()


def _session(directory: Path, graph: Any) -> Any:
    from .tensorflow.library import tf

    with tf.Graph().as_default():
        saver = tf.compat.v1.train.import_meta_graph(graph)
        session = tf.compat.v1.Session()
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
