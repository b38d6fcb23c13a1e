"""What a run over photos asks for: defaults, and what is refused."""

from dataclasses import FrozenInstanceError

import pytest

from inception_hub.errors import ArgumentError
from inception_hub.inference.options import Options


def test_defaults_are_those_of_classify() -> None:
    options = Options()
    assert (options.kind, options.top, options.resize) == ("predictions", 5, None)
    assert options.max_pixels == 100_000_000
    assert not options.thumbnails and not options.feature_maps


def test_top_is_one_or_more_and_nothing_changes_later() -> None:
    with pytest.raises(ArgumentError, match="top is 0; give 1 or more"):
        Options(top=0)
    with pytest.raises(FrozenInstanceError):
        Options().top = 3  # type: ignore[misc]
