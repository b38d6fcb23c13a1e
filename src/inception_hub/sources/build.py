"""Builds a module directory from an archive or from files of another format."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from .. import bundle
from ..bundle import Provenance
from ..errors import InceptionHubError, OutputError
from ..system.open_files import rename


def build_module(source: Path, directory: Path, name: str, provenance: Provenance) -> None:
    """Writes the module directory for an archive, or for anything that `convert` takes, to `directory`.

    Of a module directory in an archive the files that it lists are taken as they are; anything else is
    converted and gets `name` and `provenance`. The folder around `directory` takes the extracted files.
    Raises what `extract`, `convert` and `bundle.write` raise.
    """
    from ..formats.table import find_reader
    from .archive import extract, is_archive
    from .convert import convert_files

    if source.is_file() and is_archive(source) and not find_reader(source):
        extracted = directory.parent / "extracted"
        extract(source, extracted)
        with errors_naming(extracted, str(source)):
            inside = _only_entry(extracted)
            if bundle.is_bundle(inside):
                bundle.read(inside)  # raises an error if it is damaged
                _take(inside, directory)
                return
            converted = convert_files(inside)
    else:
        converted = convert_files(source)
    bundle.write(replace(converted, name=name, provenance=provenance), directory)


def _take(inside: Path, directory: Path) -> None:
    """Moves the files that the manifest lists; whatever else is packed beside them stays behind."""
    directory.mkdir()
    for name in (*bundle.read_manifest(inside)["files"], bundle.MANIFEST):
        rename(inside / name, directory / name)


@contextmanager
def errors_naming(temporary: Path, name: str) -> Iterator[None]:
    """Makes errors name what the user gave instead of a temporary copy of it, which is gone by then."""
    try:
        yield
    except OutputError:
        raise
    except InceptionHubError as error:
        raise type(error)(str(error).replace(str(temporary), name)) from error


def _only_entry(path: Path) -> Path:
    """The content of an archive extracted to `path`: many are packed with one folder around everything."""
    while path.is_dir() and len(entries := [p for p in path.iterdir() if not p.name.startswith(".")]) == 1:
        path = entries[0]
    return path
