"""Metadata of .tflite models, read as tflite-support's schema lays it out, and the packed files."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from inception_hub import bundle
from inception_hub.formats.litert_metadata import with_metadata

pytestmark = pytest.mark.exports


class Table:
    """A table of a flatbuffer, whose fields are read by their numbers."""

    def __init__(self, content: bytes, position: int) -> None:
        from flatbuffers.table import Table as Reader

        self._reader: Any = Reader(bytearray(content), position)

    def number(self, slot: int, kind: str) -> Any:
        from flatbuffers import number_types

        return self._reader.GetSlot(4 + 2 * slot, 0, getattr(number_types, f"{kind}Flags"))

    def text(self, slot: int) -> str:
        return self._reader.String(self._at(slot)).decode()

    def table(self, slot: int) -> "Table":
        return Table(self._reader.Bytes, self._reader.Indirect(self._at(slot)))

    def tables(self, slot: int) -> list["Table"]:
        offset = self._reader.Offset(4 + 2 * slot)
        if not offset:
            return []
        start = self._reader.Vector(offset)
        places = [start + 4 * number for number in range(self._reader.VectorLen(offset))]
        return [Table(self._reader.Bytes, self._reader.Indirect(place)) for place in places]

    def floats(self, slot: int) -> list[float]:
        from flatbuffers import number_types

        return list(
            self._reader.GetVectorAsNumpy(number_types.Float32Flags, self._reader.Offset(4 + 2 * slot))
        )

    def _at(self, slot: int) -> int:
        offset = self._reader.Offset(4 + 2 * slot)
        assert offset, slot
        return self._reader.Pos + offset


def model_of(*outputs: str) -> bytes:
    """A .tflite model of no operators, whose graph gives the `outputs` of its signature from the last one."""
    from ai_edge_litert import schema_py_generated as schema
    from ai_edge_litert.tools import flatbuffer_utils

    model, graph, signature = schema.ModelT(), schema.SubGraphT(), schema.SignatureDefT()
    model.version, model.buffers, model.subgraphs = 3, [schema.BufferT()], [graph]
    graph.outputs, graph.operators = [*reversed(range(len(outputs)))], []
    signature.outputs = []
    for index, name in enumerate(outputs):
        entry = schema.TensorMapT()
        entry.name, entry.tensorIndex = name, index
        signature.outputs.append(entry)
    model.signatureDefs = [signature]
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))


def description(content: bytes) -> Table:
    """ModelMetadata of a model."""
    from ai_edge_litert.tools import flatbuffer_utils

    model = flatbuffer_utils.read_model_from_bytearray(bytearray(content))
    (entry,) = [entry for entry in model.metadata if entry.name == b"TFLITE_METADATA"]
    found = bytes(model.buffers[entry.buffer].data)
    assert found[4:8] == b"M001"
    return Table(found, int.from_bytes(found[:4], "little"))


@pytest.mark.parametrize("head", [True, False])
def test_what_a_model_says_of_itself(small_module: Path, head: bool) -> None:
    source = bundle.read(small_module)
    source = source if head else source.without_head()
    names = ["feature_vector", "logits"][: 2 if head else 1]
    content = with_metadata(model_of(*names), source)
    model = description(content)
    assert (model.text(0), model.text(5), model.text(7)) == ("small", "Apache-2.0", "1.0.0")
    (graph,) = model.tables(3)
    (images,) = graph.tables(2)
    assert images.text(0) == "images"
    colours, (unit,) = images.table(3), images.tables(4)
    assert colours.number(0, "Uint8") == 2 and colours.table(1).number(0, "Int8") == 1  # an image, RGB
    assert unit.number(0, "Uint8") == 1  # pixels: (x - 0) / 255
    assert (unit.table(1).floats(0), unit.table(1).floats(1)) == ([0], [255])
    outputs = graph.tables(3)
    assert [output.text(0) for output in outputs] == names[::-1]
    assert not outputs[-1].tables(6)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.namelist() == ["labels.txt", "module.json"][0 if head else 1 :]
        about = json.loads(archive.read("module.json"))
        assert about["labels"] == list(source.labels) and about["image_size"] == [64, 64]
        if head:
            (labels,) = outputs[0].tables(6)
            assert (labels.text(0), labels.number(2, "Int8")) == ("labels.txt", 2)  # of the last axis
            assert archive.read("labels.txt").decode().splitlines() == list(source.labels)
