"""Bars and counters: drawn on a terminal, nowhere else."""

import io
import sys

import pytest

from inception_hub.cli.progress import download_progress, photo_counter


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("terminal", "rows_on_terminal", "drawn"),
    [(True, False, True), (True, True, False), (False, False, False), (False, True, False)],
)
def test_photos_are_counted_where_somebody_looks_and_no_rows_come(
    monkeypatch: pytest.MonkeyPatch, terminal: bool, rows_on_terminal: bool, drawn: bool
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    stream = Terminal() if terminal else io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    with photo_counter(rows_on_terminal) as advance:
        for _ in range(3):
            advance()
    assert ("3 photos" in stream.getvalue()) == drawn
    assert drawn or stream.getvalue() == ""


def test_a_download_shows_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    with download_progress() as progress:
        progress(500_000, 1_000_000)
        progress(1_000_000, 1_000_000)
    assert "downloading" in stream.getvalue() and "1.0/1.0 MB" in stream.getvalue()


def test_what_is_never_downloaded_draws_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with download_progress():
        pass
    assert capsys.readouterr() == ("", "")
