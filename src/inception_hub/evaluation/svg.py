"""Matplotlib figures as inline `<svg>`: small, reproducible, in the page's font and colours.

They have no prolog, namespace, date or global style, and text stays text. What is drawn in `INK`, `FIRST` or
`SECOND` takes the page's colours, also in dark mode. Ids are unique to a figure.
"""

import hashlib
import html
import io
import re
import warnings
from collections.abc import Callable
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INK, FIRST, SECOND = "#010203", "#010204", "#010205"  # placeholders: matplotlib knows no CSS colours
COLOURS = {INK: "currentColor", FIRST: "var(--best, #2a7a6f)", SECOND: "var(--second, #c2703d)"}
STYLE: dict[str, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "inception-hub",
    "text.parse_math": False,  # a dollar in a class name is a dollar
    "figure.constrained_layout.use": True,
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
} | dict.fromkeys(
    ("text.color", "axes.edgecolor", "axes.labelcolor", "axes.titlecolor", "xtick.color", "ytick.color"), INK
)
NO_METADATA = dict.fromkeys(("Date", "Creator", "Format", "Type"))


def without_plots() -> str | None:
    """The reason why a report has no plots, one sentence; None where matplotlib is installed."""
    if find_spec("matplotlib"):
        return None
    return "The report has no plots, as matplotlib is not installed: pip install matplotlib."


def figure_svg(draw: "Callable[[Figure], None]", width: float, height: float, title: str) -> str:
    """The `<svg>` of a `width` x `height` inch figure that `draw` fills; `title` is for screen readers."""
    from matplotlib import style
    from matplotlib.figure import Figure

    text = io.StringIO()
    with style.context(["default", STYLE]), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from")  # the browser has the fonts
        figure = Figure(figsize=(width, height))
        draw(figure)
        figure.savefig(text, format="svg", transparent=True, metadata=NO_METADATA)
    return _inline(text.getvalue(), width, title)


def _inline(document: str, width: float, title: str) -> str:
    content = document[document.index("<svg") :]
    content = re.sub(r"<defs>\s*<style.*?</defs>", "", content, count=1, flags=re.DOTALL)
    prefix = "p" + hashlib.sha256(content.encode()).hexdigest()[:8]
    content = re.sub(r"<[^>]*>", lambda tag: _tag(tag[0], prefix), content)  # text holds neither < nor >
    size = re.search(r'viewBox="[^"]*"', content)
    assert size
    points = width * 72
    head = (
        f'<svg {size[0]} role="img" aria-label="{html.escape(title)}" '
        f'style="width: 100%; min-width: {points:.0f}px; max-width: {points * 1.5:.0f}px">'
    )
    return re.sub(r">\s+<", "><", head + content[content.index(">") + 1 :]).strip()


def _tag(tag: str, prefix: str) -> str:
    tag = re.sub(r'^<g id="[^"]*"', "<g", tag)  # figure_1, axes_1 and the like: the same in every figure
    tag = re.sub(r'( id="|href="#|url\(#)', rf"\1{prefix}", tag).replace("xlink:href", "href")
    tag = re.sub(r"font-family: [^;\"]*;?\s*", "", tag)
    for placeholder, colour in COLOURS.items():
        tag = tag.replace(placeholder, colour)
    return tag.replace("\n", " ")
