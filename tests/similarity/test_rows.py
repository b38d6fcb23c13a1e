"""Rows of similar photos and of near-duplicates as records, lines and text."""

from inception_hub.similarity.rows import DuplicateRow, Similar, SimilarRow

SIMILAR = SimilarRow("q.jpg", "m", (Similar("=a.jpg", 0.8999999761581421), Similar("b\x1b.jpg", -0.25)))


def test_a_similar_row() -> None:
    assert SIMILAR.record() == {
        "path": "q.jpg",
        "module": "m",
        "similar": [{"path": "=a.jpg", "similarity": 0.9}, {"path": "b\x1b.jpg", "similarity": -0.25}],
    }
    assert list(SIMILAR.lines()) == [
        ("q.jpg", "m", 1, "./=a.jpg", 0.9, ""),
        ("q.jpg", "m", 2, "b\\x1b.jpg", -0.25, ""),
    ]
    text = SIMILAR.text()
    assert text[0] == "q.jpg" and text[-1] == ""
    assert text[1].split() == ["0.900", "██████████▊", "=a.jpg"] and text[2].split() == [
        "-0.250",
        "b\\x1b.jpg",
    ]


def test_an_error_and_nothing_similar() -> None:
    failed = SimilarRow("q.jpg", "m", error="=q.jpg is damaged.")
    assert failed.record() == {"path": "q.jpg", "module": "m", "error": "=q.jpg is damaged."}
    assert list(failed.lines()) == [("q.jpg", "m", "", "", "", "'=q.jpg is damaged.")]
    assert failed.text() == ["q.jpg", "  =q.jpg is damaged.", ""]
    alone = SimilarRow("q.jpg", "m", ())
    assert alone.record()["similar"] == [] and list(alone.lines()) == []
    assert alone.text() == ["q.jpg", "  nothing to compare it with", ""]


def test_a_duplicate_row() -> None:
    row = DuplicateRow("=a.jpg", "m", 3, 0.8999999761581421)
    assert row.record() == {"path": "=a.jpg", "module": "m", "group": 3, "score": 0.9}
    assert list(row.lines()) == [("./=a.jpg", "m", 3, 0.9, "")]
    assert row.text()[0].split() == ["3", "0.900", "██████████▊", "=a.jpg"]
    failed = DuplicateRow("a.jpg", "m", error="a.jpg is damaged.")
    assert failed.record() == {"path": "a.jpg", "module": "m", "error": "a.jpg is damaged."}
    assert list(failed.lines()) == [("a.jpg", "m", "", "", "a.jpg is damaged.")]
    assert failed.text() == ["a.jpg", "  a.jpg is damaged."]


def test_columns_match_the_lines() -> None:
    for row in (SIMILAR, DuplicateRow("a", "m", 1, 1.0)):
        assert all(len(line) == len(row.HEADER) for line in row.lines())
