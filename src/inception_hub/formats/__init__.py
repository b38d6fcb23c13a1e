"""Modules in the formats of other software: `export` writes them, `table.reader` finds what reads them."""

from dataclasses import replace
from pathlib import Path

from ..bundle import Bundle
from ..errors import ArgumentError, MissingExtraError
from ..system.extras import missing
from ..system.placing import written
from . import serving
from .comparison import Check
from .options import Options
from .table import FORMATS

ANYTHING = Options()


def export_bundle(
    bundle: Bundle, format: str, path: Path, *, force: bool = False, options: Options = ANYTHING
) -> Check:
    """Writes `bundle` to `path` as one of `FORMATS`, if what was written computes what the bundle does.

    It is put in place only once the software it is for has loaded it and its outputs for the shared cases
    are within `comparison.TOLERANCE` of float32. What is at `path` is refused, or with `force` replaced in
    one step. Returns what loaded it, the largest relative error, and a preset that the format cannot state.

    Raises `ArgumentError` for an unknown format or an option it does not take, `MissingExtraError`,
    `OutputError` if `path` exists or cannot be written, `ExportError` for other outputs. After any of them
    `path` is as it was and nothing is left beside it.
    """
    if not isinstance(format, str) or format not in FORMATS:
        raise ArgumentError(f"The format is {format!r}; give one of {', '.join(FORMATS)}.")
    row = FORMATS[format]
    options.check(bundle, format, row.options)
    with written(path, force) as temporary:
        try:
            file = row.load()
            if not options.server:
                file.write(bundle, temporary, options)
                check = file.check(bundle, temporary, options)
                return replace(check, left_out=_left_out(bundle, format))
            place = file.place(serving.version_folder(temporary, bundle))
            file.write(bundle, place, options)
            check = file.check(bundle, place, options)
            serving.configure(options.server, temporary, bundle, file.served(place))
            return check
        except ModuleNotFoundError as error:
            if (error.name or "").startswith("inception_hub"):
                raise
            needs = f"The format {format} needs {error.name}"
            if row.extra:
                raise missing(needs, row.extra) from error
            raise MissingExtraError(f"{needs}, which is not installed: pip install {error.name}.") from error


def _left_out(bundle: Bundle, format: str) -> str | None:
    if FORMATS[format].states_resize or bundle.resize == "default":
        return None
    return (
        f"The format {format} does not say how photos are resized, which here is by {bundle.resize}: "
        f"resize them so, and give --resize {bundle.resize} where it is read back."
    )
