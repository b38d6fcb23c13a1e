"""Modules in the formats of other software: `export` writes them, `table.reader` finds what reads them."""

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
    one step. Returns what loaded it and the largest relative error.

    Raises `ArgumentError` for an unknown format or an option it does not take, `MissingExtraError`,
    `OutputError` if `path` exists or cannot be written, `ExportError` for other outputs. After any of them
    `path` is as it was and nothing is left beside it.
    """
    if format not in FORMATS:
        raise ArgumentError(f"The format is {format!r}; give one of {', '.join(FORMATS)}.")
    row = FORMATS[format]
    options.check(bundle, format, row.options)
    with written(path, force) as temporary:
        try:
            file = row.load()
            if not options.server:
                file.write(bundle, temporary, options)
                return file.check(bundle, temporary, options)
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
