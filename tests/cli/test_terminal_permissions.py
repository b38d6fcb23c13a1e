"""What may not be read is named in one sentence that says so, by every verb that takes files."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.permissions import bound

OF_PHOTOS = {
    "classify": "classify {locked} --module {module} --format jsonl",
    "embed": "embed {locked} --module {module}",
    "explain": "explain {locked} --module {module} --output {new}",
    "organise": "organise {locked} --module {module} --into {new}",
    "similar to it": "similar {locked} --module {module} --among {photos}",
    "similar among it": "similar {photos} --module {module} --among {locked}",
    "duplicates": "similar {locked} --module {module} --duplicates",
}
OF_DATA = {
    "inspect": "inspect {data} --module {module}",
    "evaluate": "evaluate {module} {data}",
    "calibrate": "calibrate {module} {data}",
}
OF_MODULES = {
    "info": "info {locked}",
    "classify": "classify {photos} --module {locked}",
    "convert": "convert {locked} {new}",
    "export": "export {locked} {new} --to module",
    "bench": "bench --module {locked}",
    "quantize": "quantize {locked} --calibrate {photos}",
    "push": "push {locked} owner/name",
}


@pytest.fixture
def places(tmp_path: Path, photos: Path, small_module: Path) -> Iterator[dict[str, Path]]:
    """A folder that may not be read, one of two classes of which one may not, and what else verbs take."""
    locked, data = tmp_path / "locked", tmp_path / "data"
    for folder in (locked, data / "one", data / "two"):
        shutil.copytree(photos, folder)
    for folder in (locked, data / "two"):
        folder.chmod(0)
    yield {
        "locked": locked,
        "data": data,
        "photos": photos,
        "module": small_module,
        "new": tmp_path / "new",
    }
    for folder in (locked, data / "two"):
        folder.chmod(0o755)


def sentence(command: str, places: dict[str, Path]) -> str:
    """The line that says what may not be read, which is said once; the verb did not end well."""
    done = bound(*(word.format(**places) for word in command.split()))
    assert done.returncode in (1, 2) and "Traceback" not in done.stderr + done.stdout
    lines = [line for line in done.stderr.splitlines() if "Permission denied" in line]
    assert len(lines) == 1 and "Errno" not in done.stderr, done.stderr
    return lines[0]


@pytest.mark.parametrize("verb", OF_PHOTOS)
def test_photos_are_not_called_damaged(verb: str, places: dict[str, Path]) -> None:
    line = sentence(OF_PHOTOS[verb], places)
    assert f"{places['locked']} cannot be read (Permission denied); check its permissions." in line


@pytest.mark.parametrize("verb", OF_DATA)
def test_the_folder_of_a_class_is_named(verb: str, places: dict[str, Path]) -> None:
    line = sentence(OF_DATA[verb], places)
    assert f"{places['data'] / 'two'} cannot be read (Permission denied); check its permissions." in line


@pytest.mark.parametrize("verb", OF_MODULES)
def test_a_module_is_not_a_traceback(verb: str, places: dict[str, Path]) -> None:
    line = sentence(OF_MODULES[verb], places)
    assert (
        f"{os.path.join(places['locked'], 'module.json')} cannot be read (Permission denied); give a path"
        in line
    )


def test_a_description_that_may_not_be_read(places: dict[str, Path], tmp_path: Path) -> None:
    module = tmp_path / "module"
    shutil.copytree(places["module"], module)
    (module / "module.json").chmod(0)
    line = sentence(f"info {module}", places)
    assert f"{module}/module.json is not a readable module description (Permission denied); restore" in line
