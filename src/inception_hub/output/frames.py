"""Rows as one table in memory, for pandas, polars and whatever else reads Arrow."""

from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from itertools import islice
from typing import TYPE_CHECKING, Any

from ..errors import MissingExtraError
from ..inference.row import Kind, Row
from ..system.extras import missing
from ..system.text import encoded

if TYPE_CHECKING:
    import polars
    import pyarrow as pa

AT_A_TIME = 1024  # rows that are Python objects at the same time


def arrow_table(rows: Iterable[Row], kind: Kind, sets: bool = False) -> "pa.Table":
    """All `lines` of rows of one `kind` as a table of Arrow's; raises `MissingExtraError` without pyarrow.

    `sets`: the predictions are sets for a coverage, with the column `unknown`.
    """
    try:
        import pyarrow as pa
    except ImportError as error:
        raise missing("Tables of rows need pyarrow", "parquet") from error
    text = pa.string()
    columns: list[tuple[str, Any]] = [("path", text), ("module", text)]
    if kind == "predictions":
        columns += [
            ("rank", pa.int32()),
            ("label", text),
            ("index", pa.int32()),
            ("probability", pa.float32()),
        ]
    else:
        columns += [("vector", pa.list_(pa.float32()))]
    columns += [("unknown", pa.bool_())] if sets else []
    schema = pa.schema([*columns, ("error", text)])
    all_lines = (line for row in rows for line in lines(row))
    parts = iter(lambda: list(islice(all_lines, AT_A_TIME)), [])
    return pa.Table.from_batches([pa.RecordBatch.from_pylist(part, schema) for part in parts], schema)


def lines(row: Row) -> Iterator[dict[str, Any]]:
    """The lines of a row in a table: one for each rank, from 1, or one with its vector, error or no class."""
    same = {"path": encoded(row.path).decode(), "module": row.module, "unknown": row.unknown}
    if row.error is not None:
        yield same | {"error": encoded(row.error).decode()}
    elif row.vector is not None:
        yield same | {"vector": row.vector}
    elif not row.predictions:
        yield same
    for rank, each in enumerate(row.predictions or (), 1):
        yield same | {
            "rank": rank,
            "label": each.label,
            "index": each.index,
            "probability": float(each.probability),
        }


def check_frames(library: str) -> None:
    """Raises `MissingExtraError`, before a photo is read, without pyarrow or without `library`."""
    lacking = [name for name in (library, "pyarrow") if find_spec(name) is None]
    if lacking:
        are = "are" if len(lacking) > 1 else "is"
        raise MissingExtraError(
            f"to_{library} needs {' and '.join(lacking)}, which {are} not installed: "
            f"pip install {' '.join(lacking)}."
        )


def polars_frame(table: "pa.Table") -> "polars.DataFrame":
    """`table` as a data frame of polars'."""
    import polars

    frame = polars.from_arrow(table)
    assert isinstance(frame, polars.DataFrame)
    return frame
