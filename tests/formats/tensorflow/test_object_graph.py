"""Object-based checkpoints: TensorFlow's own, and what is wrong with others."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from helpers.tensorflow_samples import SAMPLES, block, examples, expected, message, table, varint
from hypothesis import given
from hypothesis import strategies as st

from inception_hub.errors import FormatError
from inception_hub.formats.tensorflow.crc32c import masked_crc32c
from inception_hub.formats.tensorflow.object_graph import full_names
from inception_hub.formats.tf_checkpoint import read_checkpoint

FLOAT, STRING = 1, 7


def test_variables_go_by_their_own_names() -> None:
    variables, wanted = read_checkpoint(SAMPLES / "objects/variables"), expected("objects")
    assert variables.keys() == wanted.keys()
    for name, array in variables.items():
        assert array.dtype == wanted[name].dtype and array.tobytes() == wanted[name].tobytes(), name


def test_every_damaged_byte_of_the_object_graph_is_noticed(tmp_path: Path) -> None:
    shutil.copytree(SAMPLES / "objects/variables", tmp_path / "variables")
    data = tmp_path / "variables/variables.data-00000-of-00001"
    intact = data.read_bytes()
    for position in range(len(intact)):
        damaged = bytearray(intact)
        damaged[position] ^= 0x10
        data.write_bytes(damaged)
        with pytest.raises(FormatError, match=r"checksum mismatch|for a string of|is cut short"):
            read_checkpoint(tmp_path / "variables")


def string(content: bytes) -> tuple[bytes, int]:
    """A scalar string as a checkpoint stores it, and the checksum of its entry."""
    length = len(content).to_bytes(4, "little")
    guard = masked_crc32c(length).to_bytes(4, "little")
    return varint(len(content)) + guard + content, masked_crc32c(length + guard + content)


def attribute(name: str, key: str) -> bytes:
    return message((2, message((1, b"VARIABLE_VALUE"), (2, name.encode()), (3, key.encode()))))


def checkpoint(folder: Path, graph: bytes, keys: list[str], size: int | None = None) -> Path:
    """A checkpoint of scalars 1.0, 2.0, ... under `keys`, with this object graph."""
    raw, checksum = string(graph)
    file = raw
    size = len(raw) if size is None else size
    fields = [(1, STRING), (2, b""), (4, 0), (5, size)]
    guard = b"\x35" + checksum.to_bytes(4, "little")  # field 6, fixed32
    entries = {b"": message((1, 1)), b"_CHECKPOINTABLE_OBJECT_GRAPH": message(*fields) + guard}
    for number, key in enumerate(keys, 1):
        value = np.float32(number).tobytes()
        guard = b"\x35" + masked_crc32c(value).to_bytes(4, "little")
        entries[key.encode()] = message((1, FLOAT), (2, b""), (4, len(file)), (5, 4)) + guard
        file += value
    (folder / "c.index").write_bytes(table(block(*sorted(entries.items()))))
    (folder / "c.data-00000-of-00001").write_bytes(file)
    return folder / "c"


def test_a_name_of_several_variables_names_none(tmp_path: Path) -> None:
    nodes = [attribute("a", "x/1"), attribute("twin", "x/2"), attribute("twin", "x/3"), attribute("", "x/4")]
    path = checkpoint(tmp_path, message(*((1, node) for node in nodes)), ["x/1", "x/2", "x/3", "x/4"])
    assert {name: float(value) for name, value in read_checkpoint(path).items()} == {
        "a": 1, "x/2": 2, "x/3": 3, "x/4": 4,
    }  # fmt: skip


def test_no_variable_takes_the_place_of_another(tmp_path: Path) -> None:
    path = checkpoint(tmp_path, message((1, attribute("x/2", "x/1"))), ["x/1", "x/2"])
    with pytest.raises(FormatError, match="two variables of one name in .*c.index; fetch or copy"):
        read_checkpoint(path)


def test_an_enormous_object_graph_is_not_read(tmp_path: Path) -> None:
    path = checkpoint(tmp_path, b"", ["x"], size=1 << 40)
    with pytest.raises(FormatError, match="_CHECKPOINTABLE_OBJECT_GRAPH: 1099511627776 bytes"):
        read_checkpoint(path)


@examples
@given(st.binary(max_size=200))
def test_hostile_graphs(graph: bytes) -> None:
    try:
        names = full_names(memoryview(graph))
    except FormatError:
        return
    assert all(name.isprintable() for pair in names.items() for name in pair)
