"""Templates of pages: escaped, and nothing in them is silently missing."""

import pytest
from jinja2 import UndefinedError

from inception_hub.system.templates import page_template


def test_text_is_escaped_and_what_is_missing_is_an_error() -> None:
    info = {"title": "<b>", "description": "a & b", "version": "1"}
    html = page_template("interface.html.j2").render(info=info, groups={})
    assert "<b>" not in html and "&lt;b&gt;" in html and "a &amp; b" in html
    with pytest.raises(UndefinedError, match="info"):
        page_template("interface.html.j2").render(groups={})
