"""Formats of rows, and which one an output has; the command line imports them without the writers."""

import os
from typing import TYPE_CHECKING, Literal, get_args

from ..errors import ArgumentError

if TYPE_CHECKING:
    from ..inference.row import Kind

RowFormat = Literal["table", "jsonl", "csv", "parquet"]  # of predictions
VectorFormat = Literal["jsonl", "csv", "parquet", "npy", "npz"]
AnyFormat = RowFormat | VectorFormat
FORMATS: dict["Kind", tuple[AnyFormat, ...]] = {  # the first is that of standard output
    "predictions": get_args(RowFormat),
    "vector": get_args(VectorFormat),
}
ENDINGS: dict[str, AnyFormat] = {f".{format}": format for format in FORMATS["vector"]}
RESUMABLE = ("jsonl", "csv", "parquet")


def row_format(given: AnyFormat | None, output: str | None, kind: "Kind") -> AnyFormat:
    """The format of rows of one `kind`: `given`, else that of the ending of `output`, else the first.

    Raises `ArgumentError` where the two contradict each other, and for an output whose ending says nothing
    while no format is given.
    """
    if output is None:
        return given or FORMATS[kind][0]
    ending = os.path.splitext(output)[1].lower()
    of_ending = ENDINGS.get(ending)
    if given is not None and of_ending is not None and given != of_ending:
        raise ArgumentError(
            f"The output {output} ends in {ending} and --format is {given}; "
            "let them agree, or leave --format out."
        )
    chosen = given or of_ending
    if chosen is None or chosen not in FORMATS[kind]:
        *others, last = (end for end, format in ENDINGS.items() if format in FORMATS[kind])
        raise ArgumentError(
            f"The output {output} ends in {ending or 'nothing'}, which names no format here; "
            f"let it end in {', '.join(others)} or {last}, or give --format."
        )
    return chosen
