"""Options of a run over photos."""

from dataclasses import FrozenInstanceError

import pytest

from inception_hub.errors import ArgumentError
from inception_hub.images.photo_file import MAX_PIXELS
from inception_hub.inference.options import Options


def test_defaults_are_the_command_lines() -> None:
    options = Options()
    assert (options.kind, options.top, options.resize, options.max_pixels) == (
        "predictions",
        5,
        None,
        MAX_PIXELS,
    )
    assert not options.thumbnails and not options.feature_maps


def test_options_do_not_change() -> None:
    with pytest.raises(FrozenInstanceError):
        Options().top = 3  # type: ignore[misc]


def test_no_prediction_is_refused() -> None:
    with pytest.raises(ArgumentError, match="top is 0; give 1 or more"):
        Options(top=0)
