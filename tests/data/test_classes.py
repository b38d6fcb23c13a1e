"""Classes and their numbers, from whatever labels the data has."""

from pathlib import Path
from typing import Any

import pytest

from inception_hub.data.classes import classes_by_name, number_classes
from inception_hub.errors import FormatError
from inception_hub.labels import Labels


def numbered(labels: list[Any], declared: tuple[str, ...] | None = None) -> tuple[tuple[str, ...], list[int]]:
    names, classes = number_classes({"train": labels}, declared, None, "data")
    return names.names, classes["train"].tolist()


def test_whole_numbers_are_indices_or_names_of_themselves() -> None:
    assert numbered([7, 3, 7]) == (("3", "7"), [1, 0, 1])
    assert numbered(["7", "3"]) == (("3", "7"), [1, 0])
    assert numbered([1, 0], ("cat", "dog")) == (("cat", "dog"), [1, 0])


def test_a_name_of_digits_is_a_name() -> None:
    """James Bond is no 7: with a leading zero it is text, and so are its neighbours."""
    assert numbered(["007", "7"]) == (("007", "7"), [0, 1])
    assert numbered(["10", "9", "007"]) == (("007", "10", "9"), [1, 2, 0])


@pytest.mark.parametrize("label", [2, 3])
def test_numbers_beyond_the_names(label: int) -> None:
    with pytest.raises(FormatError, match=f"Photo 1 of the train split .* has label {label}, .* give 0 to 1"):
        numbered([0, label], ("cat", "dog"))


@pytest.mark.parametrize("labels", [[0, -1], ["0", "-1"], [5, -100], ["rose", "-1", "daisy"]])
def test_no_class_is_below_zero(labels: list[Any]) -> None:
    """Hugging Face writes -1 where there is no label."""
    for names in (None, ("cat", "dog", *"123456")):
        with pytest.raises(
            FormatError, match="label of photo 1 of the train split of data is -1.*, which stands"
        ):
            numbered(labels, names)


def test_a_folder_may_have_any_number_as_its_name() -> None:
    names, classes = number_classes({"train": ["rose", "-1"]}, None, None, "data", are_names=True)
    assert names.names == ("-1", "rose") and classes["train"].tolist() == [1, 0]


def test_names_are_tidied_before_they_are_told_apart() -> None:
    assert numbered([" daisy", "daisy", "daisy\n", "rose "]) == (("daisy", "rose"), [0, 0, 0, 1])
    assert numbered(["caf\u00e9", "cafe\u0301"]) == (("caf\u00e9",), [0, 0])
    assert numbered(["caf\udce9"])[0] == ("caf\\udce9",)


def test_classes_of_other_data_are_told_by_their_names() -> None:
    def labels(*names: str) -> Labels:
        return Labels(names, (None,) * len(names))

    ours = labels("caf\u00e9", "daisy", "rose")
    assert classes_by_name(labels("rose", "cafe\u0301"), ours, "held").tolist() == [2, 0]
    assert classes_by_name(labels("0", "2"), ours, "held").tolist() == [0, 2]  # numbers without names
    assert classes_by_name(labels("7", "9"), labels("5", "7", "9"), "held").tolist() == [1, 2]
    twice = labels("crane", "crane")
    assert classes_by_name(twice, twice, "held").tolist() == [0, 1]
    for given in (labels("ruse"), labels("3")):
        with pytest.raises(
            FormatError, match=f"Class '{given.names[0]}' of held is none of the training data, wh"
        ):
            classes_by_name(given, ours, "held")
    with pytest.raises(FormatError, match="two classes of one name, and held other classes"):
        classes_by_name(labels("crane"), twice, "held")


@pytest.mark.parametrize("label", [None, True, 1.5, "", "  ", float("nan"), 10**30])
def test_labels_that_are_none(label: Any) -> None:
    with pytest.raises(FormatError, match="The label of photo 1 of the train split .*; give a whole"):
        numbered(["cat", label])


def test_splits_share_one_numbering(tmp_path: Path) -> None:
    names, classes = number_classes({"train": ["b", "c"], "test": ["a", "c"]}, None, None, "data")
    assert names.names == ("a", "b", "c")
    assert {split: values.tolist() for split, values in classes.items()} == {"train": [1, 2], "test": [0, 2]}
    (tmp_path / "labels.txt").write_text("cat\ndog\n")
    (tmp_path / "wnids.txt").write_text("n00000001\nn00000002\n")
    names, classes = number_classes({"train": [1, 0]}, ("other",), tmp_path, "data")
    assert names.names == ("cat", "dog") and names.wordnet_ids == ("n00000001", "n00000002")
