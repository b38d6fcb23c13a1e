"""Rows as tables of pyarrow, pandas and polars: a line for each path and rank, vector or error."""

import math
import weakref
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pytest
from helpers.written_rows import SETS

from inception_hub.errors import MissingExtraError
from inception_hub.inference.predictions import Prediction
from inception_hub.inference.row import Row
from inception_hub.output.frames import AT_A_TIME, arrow_table, check_frames, polars_frame

CAT = Row("cat.jpg", "m", predictions=(Prediction("tabby", 2, np.float32(0.7)), Prediction("lynx", 0, 0.1)))
ERROR = Row("\udcff.jpg", "m", error="\udcff.jpg is damaged.")
VECTOR = Row("cat.jpg", "m", vector=np.array([0.1, 0], np.float32))


def test_predictions() -> None:
    table = arrow_table([CAT, ERROR], "predictions")
    assert table.column_names == ["path", "module", "rank", "label", "index", "probability", "error"]
    assert table.schema.field("probability").type == pa.float32()
    assert [list(line.values()) for line in table.to_pylist()] == [
        ["cat.jpg", "m", 1, "tabby", 2, float(np.float32(0.7)), None],
        ["cat.jpg", "m", 2, "lynx", 0, float(np.float32(0.1)), None],
        ["\\udcff.jpg", "m", None, None, None, None, "\\udcff.jpg is damaged."],
    ]


def test_vectors() -> None:
    table = arrow_table([VECTOR, ERROR], "vector")
    assert table.column_names == ["path", "module", "vector", "error"]
    assert table["vector"].to_pylist() == [[float(np.float32(0.1)), 0.0], None]


def test_rows_come_one_by_one_and_none_is_lost() -> None:
    count = 2 * AT_A_TIME + 1
    table = arrow_table((ERROR for _ in range(count)), "predictions")
    assert (table.num_rows, table["path"].num_chunks) == (count, 3)
    assert arrow_table([], "predictions").num_rows == 0


def test_rows_go_as_they_come() -> None:
    """What is kept is columns: no row outlives its lines, and no line its chunk."""
    alive: weakref.WeakSet[Row] = weakref.WeakSet()
    most = 0

    def rows() -> Iterator[Row]:
        nonlocal most
        for number in range(3 * AT_A_TIME):
            row = Row(f"{number}.jpg", "m", vector=np.full(4, number, np.float32))
            alive.add(row)
            most = max(most, len(alive))
            yield row
            del row

    table = arrow_table(rows(), "vector")
    assert most <= 2 and table.num_rows == 3 * AT_A_TIME
    assert table["vector"][AT_A_TIME].as_py() == [AT_A_TIME] * 4


def test_data_frames() -> None:
    table = arrow_table([CAT, ERROR], "predictions")
    pandas, polars = table.to_pandas(), polars_frame(table)
    assert pandas["label"][0] == "tabby" and math.isnan(pandas["probability"][2])
    assert polars.columns == table.column_names and polars["rank"].to_list() == [1, 2, None]


def test_sets_have_a_line_for_each_class_or_one_for_none() -> None:
    table = arrow_table(SETS, "predictions", sets=True)
    assert table.column_names[-2:] == ["unknown", "error"]
    assert table["path"].to_pylist() == [f"photos/{name}.jpg" for name in "cat cat odd ufo new bad".split()]
    assert table["rank"].to_pylist() == [1, 2, None, 1, None, None]
    assert table["unknown"].to_pylist() == [False, False, False, True, True, None]
    assert "unknown" not in arrow_table(SETS, "predictions").column_names


def test_a_library_that_is_missing_is_named_before_photos_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    for library in ("pandas", "polars"):
        check_frames(library)
    with pytest.raises(
        MissingExtraError, match=r"to_nowhere needs nowhere, which is not .*: pip install nowhere\.$"
    ):
        check_frames("nowhere")
    monkeypatch.setattr("inception_hub.output.frames.find_spec", lambda name: None)
    with pytest.raises(
        MissingExtraError, match=r"needs pandas and pyarrow, which are .*: pip install pandas pyarrow\."
    ):
        check_frames("pandas")
