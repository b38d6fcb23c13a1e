"""Formats of rows, which the command line offers; it imports them without the writers."""

from typing import Literal

RowFormat = Literal["table", "jsonl", "csv", "parquet"]  # of predictions
VectorFormat = Literal["jsonl", "csv", "parquet"]
