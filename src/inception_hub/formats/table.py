"""The table of formats: a new one is a file of this package and a row here.

The file of a format has
- `write(bundle, path, options)`, which writes the file or directory `path`, where nothing is yet;
- `check(bundle, path, options)`, which loads it with the software it is for and compares the outputs;
where a server of models takes it,
- `place(folder)`, the path to write in a version folder, which is not yet there,
- `served(path)`, what that server is told;
and, where weights can be read back,
- `read(path)`, which gives an `Exported` without that software;
- `files(path)`, the files that `read` may open, by name;
- `matches(path)`, whether `path` is of the format. TensorFlow's checkpoints have none, as their files may
  have any name: what matches no other format is read as one.

It imports the software within these functions only, so that any format can be looked for without it.
"""

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from .exported import Exported


class Reader(Protocol):
    """The file of a format that can be read."""

    def files(self, path: Path) -> dict[str, Path]:
        """The files that `read` may open, by name: never all that lies in some directory given by mistake.

        Raises `OSError`.
        """
        ...

    def read(self, path: Path) -> Exported:
        """Weights and what else the format holds.

        Raises `HandleError` for files that are missing or unreadable, `FormatError` for damaged ones.
        """
        ...


@dataclass(frozen=True)
class Format:
    """`file` is the name of the format's file; writing needs `extra` installed and takes `options`.

    `states_resize`: whether what is written says how photos become images.
    """

    file: str
    extra: str | None = None
    options: frozenset[str] = frozenset()
    states_resize: bool = True

    def load(self) -> Any:
        """The format's file as a module."""
        return import_module(f".{self.file}", __package__)


FORMATS = {
    "module": Format("module_directory"),
    "tf1-hub": Format("tf1_hub", "tensorflow", states_resize=False),
    "savedmodel": Format("savedmodel", "tensorflow", frozenset({"evidence"}), states_resize=False),
    "tf-checkpoint": Format("tf_checkpoint", "tensorflow", states_resize=False),
    "onnx": Format(
        "onnx", "onnx", frozenset({"size", "batch", "photos", "top", "int8", "fp16", "evidence", "server"})
    ),
    "openvino": Format(
        "openvino", None, frozenset({"size", "batch", "photos", "top", "int8", "evidence", "server"})
    ),
    "torch": Format("torch_program", "train", frozenset({"size", "batch", "evidence"})),
    "timm": Format("timm", "timm"),
    "html": Format("html_page", "onnx", frozenset({"int8", "fp16", "runtime"})),
    "executorch": Format("executorch", "executorch", frozenset({"size", "batch"})),
    "litert": Format("litert", "litert", frozenset({"size", "batch", "int8"})),
}


def find_reader(path: Path) -> Reader | None:
    """The file of the format that `path` is of; None where none is recognised."""
    files = (format.load() for format in FORMATS.values())
    return next((file for file in files if hasattr(file, "matches") and file.matches(path)), None)


def reader(path: Path) -> Reader:
    """The file that reads `path`: of the format it is recognised as, else of TensorFlow's checkpoints."""
    return find_reader(path) or FORMATS["tf-checkpoint"].load()
