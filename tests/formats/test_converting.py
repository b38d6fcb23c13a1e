"""What converters say and raise: their words on standard error, their errors as sentences."""

import warnings

import pytest

from inception_hub.errors import ExportError, InceptionHubError
from inception_hub.formats.converting import converting


def test_what_is_said_goes_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    with converting("a tool"):
        print("half done")
        warnings.warn("deprecated", stacklevel=1)
    assert tuple(capsys.readouterr()) == ("", "half done\n")


def test_what_is_raised_is_a_sentence() -> None:
    with pytest.raises(ExportError) as raised, converting("a tool"):
        raise RuntimeError("no rule\nfor \x1b[31m" + "x" * 1000)
    message = str(raised.value)
    assert message.startswith("a tool does not convert the module (no rule for \\x1b[31mxx")
    assert message.endswith("x); try another version of it.") and len(message) < 300
    with pytest.raises(ExportError, match=r"\(ZeroDivisionError\)"), converting("a tool"):
        raise ZeroDivisionError


@pytest.mark.parametrize("error", [ModuleNotFoundError("gone"), InceptionHubError("ours"), MemoryError()])
def test_what_has_a_sentence_elsewhere_passes(error: Exception) -> None:
    with pytest.raises(type(error)) as raised, converting("a tool"):
        raise error
    assert raised.value is error
