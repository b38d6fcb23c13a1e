"""Findings from surveys written out: which copy stays, what is proposed, what is too usual to be named."""

from dataclasses import replace

import numpy as np
import pytest
from helpers.dataset_photos import many, split_of

from inception_hub.data import Dataset
from inception_hub.images.quality import Quality
from inception_hub.inspection.findings import Finding, copies, labels, qualities, unreadable
from inception_hub.inspection.kinds import BLURRED, DARK, GREY, ODD, TINY
from inception_hub.inspection.label_errors import FAR, Verdicts
from inception_hub.inspection.survey import Survey, Unreadable
from inception_hub.labels import Labels
from inception_hub.similarity.duplicates import Group

FINE = Quality(300, 400, 0.9, 500, 0.3)


def seen(train: list[int], held: list[int] = [], test: list[int] = []) -> Survey:  # noqa: B006 - only read
    """A survey of photos of these classes, all of them fine."""
    classes = {"train": train, "validation": held, "test": test}
    splits = {name: split_of(many(len(each)), each) for name, each in classes.items() if each}
    lengths = [len(split) for split in splits.values()]
    count = sum(lengths)
    return Survey(
        Dataset("data", Labels(("a", "b", "c"), (None,) * 3), splits),
        np.repeat(np.arange(len(lengths)), lengths),
        np.concatenate([np.arange(length) for length in lengths]),
        np.array([*train, *held, *test]),
        np.zeros((count, 4), np.float32),
        np.zeros((count, 8, 8), np.uint8),
        np.array([FINE] * count, np.float32),
        (),
    )


def told(findings: list[Finding]) -> list[tuple[str, str, tuple[str, int] | None]]:
    return [(f"{e.kind} {e.photo[0]} {e.photo[1]}", e.decision, e.copied) for e in findings]


def test_the_first_copy_stays() -> None:
    found = list(copies(seen([0, 0, 1, 0]), [Group((0, 1, 3), (0.9, 0.95, 0.85))]))
    assert told(found) == [
        ("duplicate train 1", "exclude", ("train", 0)),
        ("duplicate train 3", "exclude", ("train", 0)),
    ]
    assert [each.score for each in found] == [0.95, 0.85] and {each.label for each in found} == {"a"}


def test_across_splits_the_copy_in_test_stays_and_those_in_train_go() -> None:
    survey = seen([0, 0], [0, 0], [0])
    assert told(list(copies(survey, [Group((0, 2, 4), (1.0,) * 3)]))) == [
        ("leak validation 0", "keep", ("test", 0)),
        ("leak train 0", "exclude", ("test", 0)),
    ]
    assert told(list(copies(survey, [Group((1, 2, 3), (1.0,) * 3)]))) == [
        ("duplicate validation 1", "exclude", ("validation", 0)),
        ("leak train 1", "exclude", ("validation", 0)),
    ]


def test_copies_of_two_labels_are_both_named_and_kept() -> None:
    found = list(copies(seen([0, 1]), [Group((0, 1), (0.9, 0.9))]))
    assert told(found) == [
        ("conflict train 1", "keep", ("train", 0)),
        ("conflict train 0", "keep", ("train", 1)),
    ]
    assert [each.label for each in found] == ["b", "a"]


VERDICTS = Verdicts(
    judged=np.array([True] * 20),
    given=np.array([0.9] * 15 + [0.005, 0.005, 0.005, 0.02, 0.9], np.float32),
    suggested=np.array([0] * 15 + [1, 1, 1, 2, 0]),
    confidence=np.array([0.9] * 15 + [0.96, 0.94, 0.96, 0.96, 0.9], np.float32),
    likely_wrong=np.array([False] * 15 + [True, True, False, True, False]),
    outlying=np.array([0.0] * 13 + [FAR + 0.1, FAR + 1, FAR + 5, 0, 0, 0, FAR], np.float32),
    accuracy=0.8,
    confusions=(),
)


def test_only_what_is_sure_and_counted_is_proposed_to_be_left_out() -> None:
    found = list(labels(seen([0] * 20), VERDICTS))
    assert [(each.photo[1], each.suggestion, each.decision) for each in found if each.kind != "outlier"] == [
        (15, "b", "exclude"),
        (16, "b", "keep"),
        (18, "c", "keep"),
    ], "of the tenth only two are left, and 17 is not counted"


def test_outliers_are_those_above_the_threshold_with_a_likely_label_the_farthest_first() -> None:
    found = [each for each in labels(seen([0] * 20), VERDICTS) if each.kind == "outlier"]
    assert [each.photo[1] for each in found] == [14, 13] and {each.decision for each in found} == {"keep"}


def test_unreadable_photos_have_their_reason() -> None:
    survey = replace(seen([0, 1], [1]), unreadable=(Unreadable("validation", 0, "It is gone."),))
    assert list(unreadable(survey)) == [
        Finding("unreadable", ("validation", 0), "b", None, "It is gone.", "exclude")
    ]


@pytest.mark.parametrize(
    ("kind", "worse", "bad", "good"),
    [
        ("dark", {"brightness": DARK / 2}, {"brightness": DARK - 0.01}, {"brightness": DARK}),
        ("blurred", {"sharpness": 1}, {"sharpness": BLURRED - 0.1}, {"sharpness": BLURRED}),
        ("blurred", {"sharpness": 1}, {"sharpness": BLURRED - 0.1}, {"sharpness": np.nan}),
        ("tiny", {"shorter": 1, "longer": 2}, {"shorter": TINY - 1, "longer": 70}, {"shorter": TINY}),
        ("odd shape", {"longer": 3000}, {"longer": 300 * ODD}, {"longer": 300 * ODD - 1}),
        ("grey", {"colour": 0}, {"colour": GREY}, {"colour": GREY * 1.1}),
    ],
)
def test_each_threshold_and_the_worst_first(kind: str, worse: dict, bad: dict, good: dict) -> None:
    survey = seen([0] * 6)
    for row, change in ((1, bad), (2, good), (4, worse)):
        survey.qualities[row] = FINE._replace(**change)
    found, notes = qualities(survey)
    mine = [each for each in found if each.kind == kind]
    assert [each.photo[1] for each in mine] == [4, 1] and notes == []
    assert {each.decision for each in mine} == {"keep"}


def test_what_most_photos_are_is_a_note() -> None:
    survey = seen([0] * 4)
    survey.qualities[:2] = FINE._replace(colour=0)
    assert [each.kind for each in qualities(survey)[0]] == ["grey", "grey"]
    survey.qualities[:3] = FINE._replace(colour=0)
    found, (note,) = qualities(survey)
    assert found == []
    assert note == ("Without colour: 3 of 4 photos; that is what the data is like, and they are not named.")
