"""Files of other formats that we write ourselves, read back without the software they are for."""

from collections.abc import Callable
from pathlib import Path

from ._read_onnx import is_onnx, read_onnx
from ._read_timm import is_timm, read_timm
from ._read_torch_program import is_torch_program, read_torch_program
from .exported import Exported as Exported

READERS = ((is_onnx, read_onnx), (is_torch_program, read_torch_program), (is_timm, read_timm))


def find_reader(path: Path) -> Callable[[Path], Exported] | None:
    """What reads `path`, if it is one of these formats."""
    return next((read for matches, read in READERS if matches(path)), None)
