"""`~` in paths, as a shell expands it."""

import os
import sys
from pathlib import Path

import pytest

from inception_hub.system.home import argument_at_home, at_home, cache_home


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "home"


def test_what_begins_with_it_is_at_home(home: Path) -> None:
    assert at_home("~/photos/cat.jpg") == at_home(Path("~/photos/cat.jpg")) == f"{home}/photos/cat.jpg"
    assert at_home("~") == str(home)
    for other in ("photos/~", "a~b", "", "-", "~nobody-of-that-name/photos"):
        assert at_home(other) == other


def test_a_file_of_that_name_is_meant(tmp_path: Path) -> None:
    (tmp_path / "~notes").touch()
    os.mkdir("~")
    assert at_home("~notes") == "~notes" and at_home("~") == "~"


def test_arguments_with_an_option_before_it(home: Path) -> None:
    assert argument_at_home("--output=~/rows.csv") == f"--output={home}/rows.csv"
    assert argument_at_home("~/rows.csv") == f"{home}/rows.csv"
    for other in ("--output", "--set=name=~/x", "-", "--", "--top=3"):
        assert argument_at_home(other) == other


def test_the_cache_is_where_each_system_has_it(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def of(system: str) -> Path:
        with monkeypatch.context() as patch:
            patch.setattr(sys, "platform", system)
            return cache_home()

    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    assert of("linux") == of("freebsd") == home / ".cache"
    assert of("darwin") == home / "Library" / "Caches"
    assert of("win32") == home / "AppData" / "Local"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert of("linux") == home / ".cache"
    monkeypatch.setenv("XDG_CACHE_HOME", "/elsewhere")
    monkeypatch.setenv("LOCALAPPDATA", "/local")
    assert (of("linux"), of("win32")) == (Path("/elsewhere"), Path("/local"))
    assert of("darwin") == home / "Library" / "Caches"
