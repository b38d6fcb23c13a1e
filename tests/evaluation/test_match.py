"""Classes of data sets matched to those of modules, by id and by name, and those that cannot be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inception_hub.errors import ArgumentError
from inception_hub.evaluation import match_labels
from inception_hub.labels import Labels, imagenet


def named(*names: str) -> Labels:
    return Labels(names, (None,) * len(names))


def test_by_id_whatever_the_names() -> None:
    data = Labels(("Kran", "crane", "maillot"), ("n03126707", "n02012849", "n03710721"))
    assert match_labels(imagenet(), data).tolist() == [518, 135, 640]


def test_ids_decide_even_against_names() -> None:
    module = Labels(("cat", "dog"), ("n00000001", "n00000002"))
    data = Labels(("cat", "dog"), ("n00000002", "n00000001"))
    assert match_labels(module, data).tolist() == [1, 0]
    assert match_labels(module, named("cat", "dog")).tolist() == [0, 1]


def test_all_of_imagenet() -> None:
    indices = match_labels(imagenet(), imagenet().without_background())
    assert indices.dtype == "int64"
    assert indices.tolist() == list(range(1, 1001))


def test_by_name() -> None:
    module = named("Egyptian cat", "black-and-tan coonhound", "tabby", "Tabby")
    data = named("egyptian_cat", "Black_and_Tan_coonhound", "Tabby", "tabby")
    assert match_labels(module, data).tolist() == [0, 1, 3, 2]


def test_accents_are_one_however_they_are_written() -> None:
    assert match_labels(named("caf\u00e9", "rose"), named("cafe\u0301")).tolist() == [0]
    assert match_labels(named("Cafe\u0301"), named("caf\u00e9")).tolist() == [0]


def test_numbers_without_names_are_the_modules_own() -> None:
    assert match_labels(named("daisy", "rose", "tulip"), named("0", "2")).tolist() == [0, 2]
    assert match_labels(named("7", "3"), named("3", "7")).tolist() == [1, 0]  # names of a module
    with pytest.raises(ArgumentError, match="1 of the 2 classes of the data is unknown .*'3'"):
        match_labels(named("daisy", "rose", "tulip"), named("0", "3"))


def test_numbers_count_a_background_or_not() -> None:
    module = named("background", "daisy", "rose")
    assert match_labels(module, named("0", "1")).tolist() == [1, 2]
    assert match_labels(module, named("1", "2")).tolist() == [1, 2]
    with pytest.raises(
        ArgumentError, match="may count the module's background or not; write .* into labels.txt"
    ):
        match_labels(module, named("1"))


def test_the_same_names_in_the_same_order_are_the_same_classes() -> None:
    assert match_labels(named("crane", "crane"), named("crane", "crane")).tolist() == [0, 1]


@given(st.permutations([f"class_{i}" for i in range(8)]), st.data())
def test_any_choice_is_found_again(names: list[str], data: st.DataObject) -> None:
    chosen = data.draw(st.lists(st.sampled_from(names), min_size=1, unique=True))
    indices = match_labels(named(*names), named(*(name.upper().replace("_", "-") for name in chosen)))
    assert [names[index] for index in indices] == chosen


def test_unknown_classes_are_counted_and_named() -> None:
    with pytest.raises(ArgumentError) as caught:
        match_labels(named("a", "b", "c", "d"), named("a", "w", "x", "y", "z"))
    assert str(caught.value) == (
        "4 of the 5 classes of the data are unknown to the module, such as 'w', 'x', 'y', ...; "
        "it has 'a', 'b', 'c', ...: rename the classes after it, or fine-tune a module on them."
    )


def test_an_unknown_id_is_not_looked_up_by_name() -> None:
    with pytest.raises(ArgumentError, match="1 of the 1 class of the data is unknown"):
        match_labels(imagenet(), Labels(("tench",), ("n99999999",)))


def test_ambiguous_names_are_refused() -> None:
    with pytest.raises(ArgumentError, match="several classes called 'crane'; give the data's classes"):
        match_labels(imagenet(), named("tench", "crane"))


def test_two_classes_that_are_one_are_refused() -> None:
    with pytest.raises(ArgumentError, match="'Cat' and 'CAT' of the data are both the module's 'cat'"):
        match_labels(named("cat", "dog"), named("Cat", "CAT"))
