"""Only regular files are opened; nothing waits."""

import os
import socket
from pathlib import Path

import pytest

from inception_hub.errors import FormatError
from inception_hub.system.regular import MAX_BYTES, is_own, open_regular, read_bounded, read_text


def test_regular_files_are_read(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("größer", "utf-8")
    assert read_text(path) == "größer"
    with open_regular(path) as file:
        assert file.seek(0, 2) == 8


def test_empty_files_are_empty(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    with open_regular(tmp_path / "empty") as file:
        assert file.read() == b""


@pytest.mark.parametrize("path", ["/proc/kmsg", "/proc/self/status"])
def test_files_of_the_system_read_as_the_empty_ones_they_claim_to_be(path: str) -> None:
    if not os.access(path, os.R_OK):
        pytest.skip(f"{path} cannot be read here")
    try:
        with open_regular(path) as file:
            assert file.read() == b""
    except PermissionError:
        pytest.skip(f"{path} cannot be read here")


def test_what_is_no_regular_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path, Path(os.devnull)):
        with pytest.raises(OSError, match="it is no regular file"):
            open_regular(path)
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(tmp_path / "socket"))
        with pytest.raises(OSError):
            open_regular(tmp_path / "socket")


def test_a_file_that_would_take_for_ever_to_read_is_refused(tmp_path: Path) -> None:
    with open(tmp_path / "sparse", "wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(OSError, match="and 68,719,476,736 are accepted"):
        open_regular(tmp_path / "sparse")


def test_no_more_is_read_than_is_accepted(tmp_path: Path) -> None:
    path = tmp_path / "names.txt"
    path.write_bytes(b"0123456789")
    assert read_bounded(path, 10, "give another") == b"0123456789"
    with pytest.raises(FormatError, match=r"names.txt has more than 9 bytes; give another\.$"):
        read_bounded(path, 9, "give another")
    with pytest.raises(FormatError, match=r"nowhere does not exist; give another\.$"):
        read_bounded(tmp_path / "nowhere", 9, "give another")
    with pytest.raises(FormatError, match=r"cannot be read \(.+\); give another\.$"):
        read_bounded(tmp_path, 9, "give another")


def test_whose_a_file_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = (tmp_path.stat().st_uid, tmp_path.stat().st_uid + 1)
    for user, expected in zip(own, (True, own[0] == 0), strict=True):  # root may put files anywhere
        monkeypatch.setattr(os, "getuid", lambda user=user: user)
        assert is_own(tmp_path) == expected
    monkeypatch.delattr(os, "getuid")
    assert is_own(tmp_path)
