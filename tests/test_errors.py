"""Every error is ours and also what the original raised, so existing `except` clauses keep working."""

import inspect

import pytest

from inception_hub import errors

KINDS = {
    errors.ArgumentError: ValueError,
    errors.InputError: TypeError,
    errors.SignatureError: ValueError,
    errors.TagsError: ValueError,
    errors.HandleError: OSError,
    errors.DownloadError: errors.HandleError,
    errors.FormatError: ValueError,
    errors.WeightsError: ValueError,
    errors.ImageError: OSError,
    errors.OutputError: OSError,
    errors.MissingExtraError: ImportError,
    errors.TooLargeError: errors.RequestError,
    errors.NotReadyError: errors.OverloadedError,
}


def test_all_of_them_are_ours_and_say_what_they_mean() -> None:
    kinds = [kind for _, kind in inspect.getmembers(errors, inspect.isclass)]
    assert len(kinds) > 20
    for kind in kinds:
        assert issubclass(kind, errors.InceptionHubError)
        assert (kind.__doc__ or "").endswith("."), kind


@pytest.mark.parametrize("kind", KINDS)
def test_existing_clauses_catch_them(kind: type[errors.InceptionHubError]) -> None:
    with pytest.raises(KINDS[kind], match="what was given"):
        raise kind("what was given; what is accepted")
