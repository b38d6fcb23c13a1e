"""Bars and counters: drawn on a terminal, nowhere else."""

import io
import sys

import pytest
from rich.progress import Progress

from inception_hub.cli.progress import ShownPhotoCounter, download_progress, photo_counter


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
    with photo_counter(["no folder"], rows_on_terminal) as counter:
        counter.begin(0)
        for _ in range(3):
            counter.advance()
    assert ("3 photos" in stream.getvalue() or "3 of 3 photos" in stream.getvalue()) == drawn
    assert drawn or stream.getvalue() == ""


def test_photos_done_before_count_for_the_share_and_not_for_the_rate() -> None:
    counter = ShownPhotoCounter([], Progress())
    counter._before = counter._done = 100
    counter._done += 50
    assert counter._text(10) == "150 photos, 5 a second"
    counter._total = 1_150
    assert counter._text(10) == "150 of 1,150 photos, 13%, 5 a second, 0:03:20 left"
    counter._total = 149  # one has been added since
    assert counter._text(10) == "150 of 150 photos, 100%, 5 a second, 0:00:00 left"


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
