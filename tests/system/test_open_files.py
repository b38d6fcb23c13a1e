"""Files that are open: as Linux and macOS have it, and as Windows does."""

from collections.abc import Callable
from pathlib import Path

import pytest

from inception_hub.system import open_files
from inception_hub.system.open_files import remove_open, rename, replace


class Held:
    """A function that is refused, as on Windows while another process holds a file, for the first `times`."""

    def __init__(self, function: Callable[..., None], times: int) -> None:
        self._function, self.left = function, times

    def __call__(self, *names: Path) -> None:
        if self.left:
            self.left -= 1
            raise PermissionError(13, "It is being used by a process")
        self._function(*names)


@pytest.mark.parametrize("name", ["replace", "rename"])
def test_a_file_that_is_held_for_a_moment(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    function = {"replace": replace, "rename": rename}[name]
    monkeypatch.setattr(open_files, "PAUSES", (0, 0))
    for movable, times, moved in ((False, 2, True), (False, 3, False), (True, 1, False), (True, 0, True)):
        (tmp_path / "new").write_bytes(b"new")
        monkeypatch.setattr(open_files, "MOVABLE", movable)
        with monkeypatch.context() as patch:
            patch.setattr(open_files.os, name, Held(getattr(open_files.os, name), times))
            if moved:
                function(tmp_path / "new", tmp_path / "there")
            else:
                with pytest.raises(PermissionError):
                    function(tmp_path / "new", tmp_path / "there")
        assert (tmp_path / "there").exists() == moved
        (tmp_path / "there").unlink(missing_ok=True)


@pytest.mark.parametrize("movable", [True, False])
def test_an_open_file_is_removed(movable: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(open_files, "MOVABLE", movable)
    path = tmp_path / "file"
    closed_first: list[bool] = []
    unlink = open_files.os.unlink

    def noted(*arguments: object) -> None:
        closed_first.append(file.closed)
        unlink(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(open_files.os, "unlink", noted)
    file = path.open("wb", buffering=0)
    remove_open(path, file)
    assert file.closed and not path.exists() and closed_first == [not movable]
    remove_open(path, file)  # of which nothing is left
