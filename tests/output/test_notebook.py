"""Cards for notebooks: pictures, bars, errors, nothing of hostile names as markup."""

from collections.abc import Iterator

import numpy as np

from inception_hub.inference.pipeline import Result
from inception_hub.inference.predictions import Prediction
from inception_hub.inference.row import Row
from inception_hub.output.notebook import cards

PICTURE = np.zeros((30, 40, 3), np.uint8)


def test_a_card_for_each_photo() -> None:
    cat = Row("<b>.jpg", "m", predictions=(Prediction("<script>", 2, np.float32(0.75)),))
    html = cards(
        [
            Result(cat, PICTURE),
            Result(Row("bad.jpg", "m", error="bad.jpg is <damaged>.")),
            Result(Row("v.jpg", "m", vector=np.arange(8, dtype=np.float32))),
        ]
    )
    assert html.count("src='data:image/jpeg;base64,") == 1
    assert "&lt;b&gt;.jpg" in html and "&lt;script&gt;" in html and "bad.jpg is &lt;damaged&gt;." in html
    assert "<script>" not in html and "<b>.jpg" not in html
    assert "75.0%" in html and "8 numbers: 0, 1, 2, 3, ..." in html and "and more" not in html


def test_no_more_is_computed_than_shown() -> None:
    taken = []

    def results() -> Iterator[Result]:
        for number in range(10):
            taken.append(number)
            yield Result(Row(f"{number}.jpg", "m", error="no."))

    html = cards(results(), shown=3)
    assert taken == [0, 1, 2, 3] and "2.jpg" in html and "3.jpg" not in html and "and more" in html
