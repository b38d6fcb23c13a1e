"""Options that the verbs about photos share say what they do, with the limits that hold."""

import pytest
from helpers.command import run

from inception_hub.images.photo_file import MOST_PIXELS


@pytest.mark.parametrize("verb", ["classify", "embed", "explain"])
def test_the_largest_photo_is_bounded(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [verb, "photo.jpg", "--max-pixels", MOST_PIXELS + 1]
    code, out, err = run(capsys, *arguments, *(["--output", "x"] if verb == "explain" else []))
    assert (code, out) == (2, "") and "--max-pixels" in err and f"{MOST_PIXELS}" in err


@pytest.mark.parametrize("verb", ["classify", "embed"])
def test_help_names_them(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, verb, "--help")
    assert code == 0
    for words in ("Photos, folders (searched recursively), globs", "--resume", "Continue FILE"):
        assert words in " ".join(out.split())
