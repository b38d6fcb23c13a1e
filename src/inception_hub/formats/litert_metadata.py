"""Metadata of a .tflite model: what goes in and comes out, as TensorFlow Lite describes it, and packed files.

https://ai.google.dev/edge/litert/models/metadata: a flatbuffer among the model's own buffers, and a zip
archive behind the model, with `labels.txt`, a line for each class, and `module.json`. Field numbers are those
of tflite-support's metadata_schema.fbs.
"""
# pyright: reportMissingImports=false

import io
import json
import zipfile
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..bundle import Bundle
from .exported import metadata
from .named_outputs import FEATURES, IMAGES, LOGITS

if TYPE_CHECKING:
    from flatbuffers import Builder

ENTRY, IDENTIFIER = "TFLITE_METADATA", b"M001"
LABELS, DESCRIPTION = "labels.txt", "module.json"
TENSOR_AXIS_LABELS, RGB, IMAGE_PROPERTIES, NORMALIZATION = 2, 1, 2, 1  # of the schema's enumerations
MEAN, STD = 0.0, 255.0  # of pixels, 0 to 255, to what the model takes, [0, 1]
Field = tuple[str, Any]  # kind, value
OFFSET = "UOffsetTRelative"  # the kind of a table, a text or a vector


def with_metadata(content: bytes, bundle: Bundle) -> bytes:
    """The model `content` with its metadata; a runtime that knows none of it takes both as before."""
    from ai_edge_litert.schema_py_generated import BufferT, MetadataT
    from ai_edge_litert.tools import flatbuffer_utils

    model = flatbuffer_utils.read_model_from_bytearray(bytearray(content))
    buffer = BufferT()
    buffer.data = list(_description(bundle, _output_names(model)))
    entry = MetadataT()
    entry.name, entry.buffer = ENTRY, len(model.buffers)
    model.buffers.append(buffer)
    model.metadata = [*(model.metadata or ()), entry]
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model)) + _packed(bundle)


def _output_names(model: Any) -> list[str]:
    """Of the model's only signature, in the order in which the graph gives them."""
    tensors = {each.tensorIndex: each.name.decode() for each in model.signatureDefs[0].outputs}
    return [tensors[index] for index in model.subgraphs[0].outputs]


def _packed(bundle: Bundle) -> bytes:
    """The zip archive; each of the metadata is a key of `module.json`."""
    archive = io.BytesIO()
    description = {key: json.loads(text) for key, text in metadata(bundle).items()}
    with zipfile.ZipFile(archive, "w") as file:
        if bundle.architecture.num_classes:
            file.writestr(zipfile.ZipInfo(LABELS), "".join(f"{label}\n" for label in bundle.labels))
        text = json.dumps(description, ensure_ascii=False, indent=2)
        file.writestr(zipfile.ZipInfo(DESCRIPTION), f"{text}\n")
    return archive.getvalue()


def _description(bundle: Bundle, outputs: Sequence[str]) -> bytes:
    """ModelMetadata."""
    from flatbuffers import Builder

    builder = Builder(1024)
    about = {
        FEATURES: _tensor(builder, FEATURES, "[batch, features]"),
        LOGITS: _tensor(builder, LOGITS, "[batch, classes]; softmax gives probabilities", labels=True),
    }
    graph = _table(
        builder,
        {2: _tables(builder, [_images(builder)]), 3: _tables(builder, [about[name] for name in outputs])},
    )
    root = _table(
        builder,
        {
            0: _text(builder, bundle.name),
            1: _text(builder, f"Inception V2: {bundle.provenance.source}"),
            3: _tables(builder, [graph]),
            5: _text(builder, bundle.provenance.licence),
            6: _tables(builder, [_table(builder, {0: _text(builder, DESCRIPTION)})]),
            7: _text(builder, "1.0.0"),
        },
    )
    builder.Finish(root[1], IDENTIFIER)
    return bytes(builder.Output())


def _images(builder: "Builder") -> Field:
    """TensorMetadata of the input."""
    colours = _table(builder, {0: ("Int8", RGB)})
    content = _table(builder, {0: ("Uint8", IMAGE_PROPERTIES), 1: colours})
    scaling = _table(builder, {0: _floats(builder, [MEAN]), 1: _floats(builder, [STD])})
    unit = _table(builder, {0: ("Uint8", NORMALIZATION), 1: scaling})
    return _tensor(builder, IMAGES, "RGB, [0, 1]", {3: content, 4: _tables(builder, [unit])})


def _tensor(
    builder: "Builder", name: str, text: str, more: dict[int, Field] | None = None, *, labels: bool = False
) -> Field:
    """TensorMetadata."""
    fields = {0: _text(builder, name), 1: _text(builder, text)} | (more or {})
    if labels:
        file = _table(builder, {0: _text(builder, LABELS), 2: ("Int8", TENSOR_AXIS_LABELS)})
        fields[6] = _tables(builder, [file])
    return _table(builder, fields)


def _table(builder: "Builder", fields: dict[int, Field]) -> Field:
    builder.StartObject(max(fields) + 1)
    for slot, (kind, value) in fields.items():
        getattr(builder, f"Prepend{kind}Slot")(slot, value, 0)
    return OFFSET, builder.EndObject()


def _text(builder: "Builder", text: str) -> Field:
    return OFFSET, builder.CreateString(text)


def _tables(builder: "Builder", tables: Sequence[Field]) -> Field:
    return _vector(builder, OFFSET, [value for _, value in tables])


def _floats(builder: "Builder", values: Sequence[float]) -> Field:
    return _vector(builder, "Float32", values)


def _vector(builder: "Builder", kind: str, values: Sequence[Any]) -> Field:
    """Of items of four bytes."""
    builder.StartVector(4, len(values), 4)
    for value in reversed(values):
        getattr(builder, f"Prepend{kind}")(value)
    return OFFSET, builder.EndVector()
