"""TOML of strangers: what takes the reader long, or breaks a message, is refused in words."""

import pytest

from inception_hub.system.toml import MOST_DOTS, read_toml


def test_ordinary_toml() -> None:
    assert read_toml(b"[a.b]\nc = [1, 0.5, 9223372036854775807]\n") == {
        "a": {"b": {"c": [1, 0.5, 2**63 - 1]}}
    }


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a." * MOST_DOTS + "a.a = 1", "line 1 has more than 100 dots"),
        ("a = " + "[" * 5000 + "]" * 5000, "nested too deeply"),
        ("a = [{b = 0x" + "f" * 5000 + "}]", "more than 64 bits"),
        ("a = -9223372036854775809", "more than 64 bits"),
        ("a = " + "9" * 5000, "integer string"),
        ("\ufeffa = 1", "Invalid statement"),
        ("a = 1\na = 1", "overwrite"),
    ],
)
def test_what_is_refused(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        read_toml(text.encode())
