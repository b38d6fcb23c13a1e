"""The format of an output: as it is given, as the output's ending says, never both in contradiction."""

import pytest

from inception_hub.errors import ArgumentError
from inception_hub.output.choices import AnyFormat, RowFormat, row_format


@pytest.mark.parametrize(
    "given, output, format",
    [
        (None, None, "table"),
        ("csv", None, "csv"),
        (None, "a/rows.jsonl", "jsonl"),
        (None, "rows.CSV", "csv"),
        (None, "rows.1.parquet", "parquet"),
        ("parquet", "rows.parquet", "parquet"),
        ("jsonl", "rows.txt", "jsonl"),
        ("table", "rows", "table"),
        ("parquet", "s3://bucket/rows", "parquet"),
    ],
)
def test_the_format_follows_the_ending(given: RowFormat | None, output: str | None, format: str) -> None:
    assert row_format(given, output, "predictions") == format


@pytest.mark.parametrize(
    "output, format", [(None, "jsonl"), ("x.npy", "npy"), ("a/x.NPZ", "npz"), ("x.csv", "csv")]
)
def test_of_vectors(output: str | None, format: AnyFormat) -> None:
    assert row_format(None, output, "vector") == row_format(format, output, "vector") == format


@pytest.mark.parametrize(
    "given, output, message",
    [
        ("table", "x.csv", "x.csv ends in .csv and --format is table; let them agree"),
        ("jsonl", "x.parquet", "x.parquet ends in .parquet and --format is jsonl"),
        (
            None,
            "x.txt",
            "x.txt ends in .txt, which names no format here; let it end in .jsonl, .csv or .parquet, or",
        ),
        ("csv", "x.npz", "x.npz ends in .npz and --format is csv"),
        (None, "x.npz", "x.npz ends in .npz, which names no format here"),
        (None, "x", "x ends in nothing, which names no format"),
        (None, ".csv", ".csv ends in nothing"),
    ],
)
def test_what_contradicts_or_says_nothing_is_refused(
    given: RowFormat | None, output: str, message: str
) -> None:
    with pytest.raises(ArgumentError, match=message):
        row_format(given, output, "predictions")
