"""The kinds of findings: each has a title and a rule that states its threshold."""

import pytest

from inception_hub.inspection import kinds
from inception_hub.inspection.cross_validation import FOLDS
from inception_hub.inspection.label_errors import FAR
from inception_hub.similarity.duplicates import SAME


def test_every_kind_has_a_title_of_its_own() -> None:
    assert list(kinds.TITLES) == list(kinds.KINDS)
    assert len({each.title for each in kinds.TITLES.values()}) == len(kinds.KINDS)


@pytest.mark.parametrize(
    ("kind", "stated"),
    [
        ("leak", SAME),
        ("duplicate", SAME),
        ("wrong label", FOLDS),
        ("outlier", FAR),
        ("dark", f"{kinds.DARK:.0%}"),
        ("blurred", round(kinds.BLURRED)),
        ("tiny", kinds.TINY),
        ("odd shape", kinds.ODD),
        ("grey", f"{kinds.GREY:.0%}"),
    ],
)
def test_the_threshold_is_stated(kind: kinds.Kind, stated: object) -> None:
    assert str(stated) in kinds.TITLES[kind].rule
