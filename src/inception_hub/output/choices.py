"""Formats of rows, and which one an output has; the command line imports them without the writers."""

import os
from typing import Literal, TypeVar

from ..errors import ArgumentError

RowFormat = Literal["table", "jsonl", "csv", "parquet"]  # of predictions
VectorFormat = Literal["jsonl", "csv", "parquet"]
Format = TypeVar("Format", RowFormat, VectorFormat)
ENDINGS: dict[str, VectorFormat] = {".jsonl": "jsonl", ".csv": "csv", ".parquet": "parquet"}


def row_format(given: Format | None, output: str | None, otherwise: Format) -> Format | VectorFormat:
    """The format `given`, else that of the ending of `output`, else `otherwise`, on standard output.

    Raises `ArgumentError` where the two contradict each other, and for an output whose ending says nothing
    while no format is given.
    """
    if output is None:
        return given or otherwise
    ending = os.path.splitext(output)[1].lower()
    of_ending = ENDINGS.get(ending)
    if given is None and of_ending is None:
        raise ArgumentError(
            f"The output {output} ends in {ending or 'nothing'}, which names no format; "
            f"let it end in {' or '.join(ENDINGS)}, or give --format."
        )
    if given is not None and of_ending is not None and given != of_ending:
        raise ArgumentError(
            f"The output {output} ends in {ending} and --format is {given}; "
            "let them agree, or leave --format out."
        )
    return given or of_ending or otherwise
