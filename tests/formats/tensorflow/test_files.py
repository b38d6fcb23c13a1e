"""Files read whole within a bound, and errors that name them."""

import os
from pathlib import Path

import pytest

from inception_hub.errors import DownloadError, FormatError, HandleError
from inception_hub.formats.tensorflow.files import naming, read_bounded, reading


def test_a_bound_is_the_most_that_is_read(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(2 << 20))
    assert read_bounded(path, 2 << 20) == bytes(2 << 20)
    with pytest.raises(FormatError, match="more than 1 MiB, which no such file of this network has,"):
        read_bounded(path, 1 << 20)
    with pytest.raises(FileNotFoundError):
        read_bounded(tmp_path / "gone", 1)


def test_pipes_are_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(FormatError, match="no regular file"):
        read_bounded(tmp_path / "pipe", 100)


def test_errors_of_the_system_name_the_file(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    with pytest.raises(HandleError, match=f"^{gone} cannot be read .No such file or directory.; give a path"):
        with reading(tmp_path):
            gone.read_bytes()
    with pytest.raises(HandleError, match=f"^{tmp_path} cannot be read .it failed.; give"), reading(tmp_path):
        raise OSError(5, "it failed")
    with pytest.raises(DownloadError, match="^ours$"), reading(tmp_path):
        raise DownloadError("ours")


def test_errors_of_the_format_name_the_file(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=f"^it is damaged in {tmp_path}; fetch or copy the file again.$"):
        with naming(tmp_path):
            raise FormatError("it is damaged")
    with pytest.raises(HandleError, match="^another$"), naming(tmp_path):
        raise HandleError("another")
