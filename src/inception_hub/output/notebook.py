"""The first photos of some rows as HTML for notebooks: a small picture each, with its labels as bars."""

from collections.abc import Iterable
from html import escape
from itertools import islice

from ..inference.pipeline import Result
from .data_uri import jpeg_uri

SHOWN = 12  # photos
PICTURE, QUALITY = 128, 75  # px of the longest side; JPEG
CARD = (
    "<div style='display:inline-block;vertical-align:top;width:190px;margin:0 12px 12px 0;font-size:12px'>"
    "{picture}<div style='overflow-wrap:anywhere;opacity:.7'>{path}</div>{lines}</div>"
)
BAR = (
    "<div style='background:linear-gradient(to right,#7aa7d9 {share:.1%},transparent {share:.1%});"
    "padding:1px 4px'>{label} <b style='float:right'>{share:.1%}</b></div>"
)


def cards(results: Iterable[Result], shown: int = SHOWN) -> str:
    """Cards of the first `shown` results, and whether there are more; no more than that is computed."""
    first = list(islice(results, shown + 1))
    html = "".join(map(_card, first[:shown]))
    return html + ("<div>... and more; iterate over them, or see to_pandas().</div>" if first[shown:] else "")


def _card(result: Result) -> str:
    row, picture = result.row, ""
    if result.thumbnail is not None:
        picture = f"<img alt='' src='{jpeg_uri(result.thumbnail, PICTURE, QUALITY)}'>"
    if row.error is not None:
        lines = f"<div style='color:#b00020'>{escape(row.error)}</div>"
    elif row.vector is not None:
        numbers = ", ".join(f"{value:.3g}" for value in row.vector[:4])
        lines = f"<div>{len(row.vector)} numbers: {numbers}, ...</div>"
    else:
        lines = "<div><b>unknown</b></div>" if row.unknown else ""
        bars = (BAR.format(label=escape(p.label), share=p.probability) for p in row.predictions or ())
        lines += "".join(bars)
    return CARD.format(picture=picture, path=escape(row.path), lines=lines)
