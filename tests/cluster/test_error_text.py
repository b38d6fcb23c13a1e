"""The text of other libraries' errors as a clause."""

import pytest

from inception_hub.cluster.error_text import LONGEST, first_line, one_line


@pytest.mark.parametrize(
    ("text", "first", "one"),
    [
        ("No such host.", "No such host", "No such host"),
        ("First.\n  Second:\tmore.", "First", "First. Second: more"),
        ("", "", ""),
    ],
)
def test_clauses_have_no_line_breaks_and_no_full_stop(text: str, first: str, one: str) -> None:
    assert (first_line(OSError(text)), one_line(OSError(text))) == (first, one)


def test_a_long_text_is_cut() -> None:
    assert one_line(ValueError("word " * 1000)) == ("word " * 1000)[:LONGEST].rstrip(".")
