"""`push`: the address of the page, and a name that is none."""

import pytest
from helpers.command import run

from inception_hub.sources import transfer


def test_the_pages_address_is_printed(
    small_module: object, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        transfer, "push_bundle", lambda bundle, name, private: f"https://hub/{bundle.name}/{name}"
    )
    code, out, _ = run(capsys, "push", small_module, "owner/name")
    assert (code, out) == (0, "https://hub/small/owner/name\n")


def test_a_repository_that_is_none(small_module: object, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "push", small_module, "a b/c d")
    assert (code, out) == (2, "") and "a b/c d is no name of a repository; give one like owner/name" in err
