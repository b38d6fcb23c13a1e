"""Object-based checkpoints: TensorFlow's own, and what is wrong with others."""

import shutil
from pathlib import Path

import pytest
from helpers.tensorflow_samples import SAMPLES, examples, expected, message, of_objects
from hypothesis import given
from hypothesis import strategies as st

from inception_hub.errors import FormatError
from inception_hub.formats.tensorflow.object_graph import full_names
from inception_hub.formats.tf_checkpoint import read_checkpoint


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


def attribute(name: str, key: str) -> bytes:
    return message((2, message((1, b"VARIABLE_VALUE"), (2, name.encode()), (3, key.encode()))))


def test_a_name_of_several_variables_names_none(tmp_path: Path) -> None:
    nodes = [attribute("a", "x/1"), attribute("twin", "x/2"), attribute("twin", "x/3"), attribute("", "x/4")]
    path = of_objects(tmp_path, message(*((1, node) for node in nodes)), ["x/1", "x/2", "x/3", "x/4"])
    assert {name: float(value) for name, value in read_checkpoint(path).items()} == {
        "a": 1, "x/2": 2, "x/3": 3, "x/4": 4,
    }  # fmt: skip


def test_no_variable_takes_the_place_of_another(tmp_path: Path) -> None:
    path = of_objects(tmp_path, message((1, attribute("x/2", "x/1"))), ["x/1", "x/2"])
    with pytest.raises(FormatError, match="two variables of one name in .*c.index; fetch or copy"):
        read_checkpoint(path)


def test_an_enormous_object_graph_is_not_read(tmp_path: Path) -> None:
    path = of_objects(tmp_path, b"", ["x"], size=1 << 40)
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
