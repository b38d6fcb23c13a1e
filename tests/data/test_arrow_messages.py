"""Compressed columns of an Arrow stream are known before any is unpacked."""

import io
from types import SimpleNamespace
from typing import Any

import pytest

from inception_hub.data.arrow_messages import has_compressed_columns

pyarrow = pytest.importorskip("pyarrow")
COMPRESSIBLE = pyarrow.array([b"\0" * 5000] * 3)


def written(array: Any, compression: str | None = None) -> bytes:
    file = io.BytesIO()
    table = pyarrow.table({"photo": array})
    options = pyarrow.ipc.IpcWriteOptions(compression=compression)
    with pyarrow.ipc.new_stream(file, table.schema, options=options) as stream:
        stream.write_table(table)
    return file.getvalue()


def messages(content: bytes) -> Any:
    return pyarrow.ipc.MessageReader.open_stream(content)


@pytest.mark.parametrize(
    "array", [COMPRESSIBLE, COMPRESSIBLE.dictionary_encode()], ids=["plain", "dictionary"]
)
def test_compressed_streams_are_told_from_others(array: Any) -> None:
    assert not has_compressed_columns(messages(written(array)))
    for compression in ("lz4", "zstd"):
        assert has_compressed_columns(messages(written(array, compression)))


def test_a_dictionary_alone_may_be_compressed() -> None:
    content = written(COMPRESSIBLE.dictionary_encode(), "zstd")
    schema, dictionary, _ = messages(content)
    assert not has_compressed_columns([schema]) and has_compressed_columns([dictionary])


@pytest.mark.parametrize("end", range(0, 60, 3))
def test_cut_descriptions_are_damaged_or_hold_none(end: int) -> None:
    schema, batch = messages(written(COMPRESSIBLE))
    cut = SimpleNamespace(metadata=pyarrow.py_buffer(batch.metadata.to_pybytes()[:end]))
    try:
        assert not has_compressed_columns([schema, cut])
    except ValueError as error:
        assert str(error) == "a damaged description"
