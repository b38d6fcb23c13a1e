"""A TF1 Hub module directory without TensorFlow: its variants, signatures, image size and variables.

Formats: tensorflow_hub/module_def.proto, module_attachment.proto and image_module_info.proto;
tensorflow/core/protobuf/saved_model.proto and meta_graph.proto. The graphs themselves are skipped: what they
compute is written down in `architecture.py`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...errors import FormatError
from .checkpoint import read_checkpoint
from .files import MAX_GRAPHS_BYTES, naming, read_bounded, reading
from .protobuf import EMPTY, chunk, fields, signed, text, unsigned
from .tensor import DTYPE_NAMES, read_shape

MODULE_FILE = "tfhub_module.pb"  # its presence tells a TF1 Hub module from any other SavedModel
GRAPHS_FILE = "saved_model.pb"
VARIABLES = "variables/variables"  # prefix of the checkpoint in any SavedModel
FORMAT_V3 = 3
ATTACHMENTS = "hub_module_attachments"
IMAGE_MODULE_INFO = "image_module_info"
MAX_IMAGE_SIDE = 1 << 16  # pixels
MAX_VARIANTS = 16
MAX_SIGNATURE_BYTES = 1 << 18  # of one variant, its attachments included; this module's take 10 kB


@dataclass(frozen=True)
class TensorInfo:
    """An input or output: NumPy's name of its dtype (or "string", "bfloat16") and its shape.

    A dimension is None where any size is accepted, the shape is None where any rank is.
    """

    dtype: str
    shape: tuple[int | None, ...] | None


@dataclass(frozen=True)
class SignatureInfo:
    """Inputs and outputs of a signature by name."""

    inputs: dict[str, TensorInfo]
    outputs: dict[str, TensorInfo]


@dataclass(frozen=True)
class HubModule:
    """A TF1 Hub module as its directory describes it.

    `variants` holds the signatures by name of every graph variant by its tags. `image_size` is the
    default (height, width) in pixels, None where the module states none.
    """

    directory: Path
    variants: dict[frozenset[str], dict[str, SignatureInfo]]
    image_size: tuple[int, int] | None

    def variables(self) -> dict[str, NDArray[np.generic]]:
        """The module's weights by name: see `read_checkpoint`, whose errors it raises."""
        return read_checkpoint(self.directory / f"{VARIABLES}.index")


def is_hub_module(directory: Path) -> bool:
    """Whether `directory` is a TF1 Hub module rather than some other kind of model."""
    return (directory / MODULE_FILE).is_file()


def is_saved_model(directory: Path) -> bool:
    """Whether `directory` is a SavedModel other than a TF1 Hub module, as the original's successors are."""
    return (directory / GRAPHS_FILE).is_file() and not is_hub_module(directory)


def read_hub_module(directory: Path) -> HubModule:
    """What a TF1 Hub module's directory says of itself; the weights are read by `variables` only.

    Raises `HandleError` where a file is missing or cannot be read, `FormatError` for one that is
    damaged, larger than 16 MiB, or of a format other than tensorflow_hub 0.15 reads.
    """
    with reading(directory):
        definition, graphs = directory / MODULE_FILE, directory / GRAPHS_FILE
        with naming(definition):
            _check_format(memoryview(read_bounded(definition, MAX_GRAPHS_BYTES)))
        with naming(graphs):
            return _read_graphs(directory, memoryview(read_bounded(graphs, MAX_GRAPHS_BYTES)))


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


def _read_graphs(directory: Path, message: memoryview) -> HubModule:
    """SavedModel."""
    variants: dict[frozenset[str], dict[str, SignatureInfo]] = {}
    sizes: dict[frozenset[str], tuple[int, int] | None] = {}
    for number, value in fields(message):
        if number == 2:
            if len(variants) == MAX_VARIANTS:
                raise FormatError(f"more than {MAX_VARIANTS} graph variants")
            tags, signatures, size = _read_variant(chunk(value))
            if tags in variants:
                raise FormatError(f"two graph variants with the tags {sorted(tags)}")
            variants[tags], sizes[tags] = signatures, size
    if not variants:
        raise FormatError("no graph variant")
    # The variant for inference has no tags and sorts first.
    stated = (sizes[tags] for tags in sorted(sizes, key=sorted))
    return HubModule(directory, variants, next((size for size in stated if size), None))


def _read_variant(
    message: memoryview,
) -> tuple[frozenset[str], dict[str, SignatureInfo], tuple[int, int] | None]:
    """MetaGraphDef: tags, signatures and image size."""
    tags: set[str] = set()
    signatures: dict[str, SignatureInfo] = {}
    size, left = None, MAX_SIGNATURE_BYTES
    for number, value in fields(message):
        if number == 1:
            tags |= {text(tag) for part, tag in fields(chunk(value)) if part == 4}
        elif number == 4:
            collection, content = _map_entry(chunk(value))
            if collection == ATTACHMENTS:
                left = _spent(left, content)
                size = _read_image_size(content)
        elif number == 5:
            name, content = _map_entry(chunk(value))
            left = _spent(left, content)
            signatures[name] = _read_signature(content)
    return frozenset(tags), signatures, size


def _spent(left: int, content: memoryview) -> int:
    if len(content) > left:
        raise FormatError(f"more than {MAX_SIGNATURE_BYTES >> 10} KiB of signatures")
    return left - len(content)


def _read_signature(message: memoryview) -> SignatureInfo:
    """SignatureDef."""
    inputs: dict[str, TensorInfo] = {}
    outputs: dict[str, TensorInfo] = {}
    for number, value in fields(message):
        if number in (1, 2):
            name, content = _map_entry(chunk(value))
            (inputs if number == 1 else outputs)[name] = _read_tensor_info(content)
    return SignatureInfo(inputs, outputs)


def _read_tensor_info(message: memoryview) -> TensorInfo:
    parts = dict(fields(message))
    dtype = unsigned(parts.get(2, 0))
    shape = read_shape(chunk(parts[3])) if 3 in parts else None
    known = None if shape is None else tuple(None if size < 0 else size for size in shape)
    return TensorInfo(DTYPE_NAMES.get(dtype, f"TensorFlow dtype {dtype}"), known)


def _read_image_size(collection: memoryview) -> tuple[int, int] | None:
    """The default image size in a CollectionDef of ModuleAttachments; zero is as good as nothing."""
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
