"""Side doors out: a module as a file that other software loads, one file of this package per format.

A format's file has `write(bundle, path, options)`, which writes the whole of a file or directory at `path`,
where nothing is yet, and `check(bundle, path, options)`, which loads it with the software it is for and
compares.
"""

import os
from dataclasses import dataclass, fields
from importlib import import_module
from pathlib import Path

from ..bundle import Bundle, HasBundle
from ..errors import ArgumentError, MissingExtraError
from ..system.placing import written
from .comparison import Check
from .options import Options


@dataclass(frozen=True)
class Format:
    """`file` of this package writes it; it needs `extra` installed and takes `options`."""

    file: str
    extra: str | None = None
    options: frozenset[str] = frozenset()


FORMATS = {
    "module": Format("module_directory"),
    "tf1-hub": Format("tf1_hub", "tensorflow"),
    "savedmodel": Format("savedmodel", "tensorflow"),
    "tf-checkpoint": Format("tf_checkpoint", "tensorflow"),
    "onnx": Format("onnx", "onnx", frozenset({"size", "batch", "photos", "top"})),
    "openvino": Format("openvino", None, frozenset({"size", "batch", "photos", "top", "int8"})),
    "torch": Format("torch", "train", frozenset({"size", "batch"})),
    "timm": Format("timm", "timm"),
}


ANYTHING = Options()


def export(
    module: HasBundle,
    format: str,
    path: "str | os.PathLike[str]",
    *,
    force: bool = False,
    options: Options = ANYTHING,
) -> Check:
    """Writes `module`, with its present weights, to `path`; see `export_bundle`."""
    return export_bundle(module.bundle, format, Path(path), force=force, options=options)


def export_bundle(
    bundle: Bundle, format: str, path: Path, *, force: bool = False, options: Options = ANYTHING
) -> Check:
    """Writes `bundle` to `path` as one of `FORMATS`, if what was written answers as the bundle does.

    It is put in place only once the software it is for has loaded it and answered on the shared cases within
    `outcome.TOLERANCE` of float32. What is at `path` is refused, or with `force` replaced in one step.

    Raises `ArgumentError` for an unknown format or an option it does not take, `MissingExtraError`,
    `OutputError` if `path` exists or cannot be written, `ExportError` for other answers. After any of them
    `path` is as it was and nothing is left beside it.
    """
    if format not in FORMATS:
        raise ArgumentError(f"The format is {format!r}; give one of {', '.join(FORMATS)}.")
    chosen = FORMATS[format]
    _check_options(bundle, format, chosen, options)
    with written(path, force) as temporary:
        try:
            door = import_module(f".{chosen.file}", __name__)
            door.write(bundle, temporary, options)
            return door.check(bundle, temporary, options)
        except ModuleNotFoundError as error:
            if (error.name or "").startswith("inception_hub"):
                raise
            package = f"'inception-hub[{chosen.extra}]'" if chosen.extra else error.name
            raise MissingExtraError(
                f"The format {format} needs {error.name}, which is not installed: pip install {package}."
            ) from error


def _check_options(bundle: Bundle, name: str, format: Format, options: Options) -> None:
    given = [field.name for field in fields(Options) if getattr(options, field.name) != field.default]
    if refused := [option for option in given if option not in format.options]:
        takes = ", ".join(sorted(format.options)) or "none"
        raise ArgumentError(f"The format {name} does not take {', '.join(refused)}; its options: {takes}.")
    numbers = (*(options.size or ()), options.batch, options.top)
    if any(number is not None and number < 1 for number in numbers):
        raise ArgumentError(f"One of size, batch and top is below 1 ({options}); give positive numbers.")
    classes = bundle.architecture.num_classes
    if options.top and options.top > classes:
        raise ArgumentError(f"top is {options.top} and {bundle.name} has {classes} classes; give fewer.")
    if options.int8 and bundle.int8 is None:
        raise ArgumentError(
            f"{bundle.name} has no int8 graph; make one with inception-hub quantize MODULE --calibrate "
            "IMAGES, or export its float weights."
        )
