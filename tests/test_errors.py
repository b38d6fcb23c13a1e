"""Errors: all of them ours, each also the builtin error that the original raised in its place."""

import inspect

import pytest

from inception_hub import errors

KINDS = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, errors.InceptionHubError) and kind is not errors.InceptionHubError
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_error_says_what_it_is_for(kind: type[Exception]) -> None:
    assert kind.__doc__ and kind.__doc__.strip().endswith((".", ")"))
    assert kind.__name__.endswith("Error") and str(kind("a sentence.")) == "a sentence."


@pytest.mark.parametrize(
    ("name", "builtin"),
    [
        ("HandleError", OSError),
        ("DownloadError", OSError),
        ("OutputError", OSError),
        ("TagsError", ValueError),
        ("SignatureError", ValueError),
        ("ArgumentError", ValueError),
        ("InputError", TypeError),
        ("MissingExtraError", ImportError),
    ],
)
def test_old_programs_catch_them_as_before(name: str, builtin: type[Exception]) -> None:
    assert issubclass(getattr(errors, name), builtin)
