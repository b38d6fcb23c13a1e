"""ImageNet's names against facts known apart from the file, and labels as users write them."""

from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from helpers.places import SHARED

from inception_hub import load_module_spec
from inception_hub.errors import ArgumentError, FormatError
from inception_hub.labels import Labels, imagenet

TINY_IMAGENET = SHARED / "data" / "tiny-imagenet"

KNOWN = {
    1: ("n01440764", "tench"),
    2: ("n01443537", "goldfish"),
    3: ("n01484850", "great white shark"),
    135: ("n02012849", "crane"),
    208: ("n02099601", "golden retriever"),
    282: ("n02123045", "tabby"),
    286: ("n02124075", "Egyptian cat"),
    387: ("n02504458", "African elephant"),
    389: ("n02510455", "giant panda"),
    518: ("n03126707", "crane"),
    639: ("n03710637", "maillot"),
    640: ("n03710721", "maillot"),
    672: ("n03792782", "mountain bike"),
    745: ("n04008634", "projectile"),
    955: ("n07753592", "banana"),
    968: ("n07920052", "espresso"),
    969: ("n07930864", "cup"),
    1000: ("n15075141", "toilet tissue"),
}


def test_imagenet_is_the_1001_classes_in_order() -> None:
    labels = imagenet()
    assert len(labels) == len(list(labels)) == 1001
    assert labels[0] == "background"
    assert labels.wordnet_ids[0] is None
    ids = [i for i in labels.wordnet_ids[1:] if i is not None]
    assert len(set(ids)) == 1000
    assert ids == sorted(ids)
    assert all(len(i) == 9 and i[0] == "n" and i[1:].isdigit() for i in ids)


@pytest.mark.parametrize("index", KNOWN)
def test_known_classes(index: int) -> None:
    assert (imagenet().wordnet_ids[index], imagenet()[index]) == KNOWN[index]


def test_only_crane_and_maillot_repeat() -> None:
    names = imagenet().names
    assert {name for name in names if names.count(name) > 1} == {"crane", "maillot"}
    assert len(set(names)) == 999


def test_the_file_has_1001_lines_of_two_fields() -> None:
    text = files("inception_hub").joinpath("resources", "imagenet_labels.tsv").read_text("utf-8")
    lines = text.splitlines()
    assert len(lines) == 1001
    assert lines[0] == "-\tbackground"
    assert all(len(line.split("\t")) == 2 and line == line.strip() for line in lines)


def test_tiny_imagenet_has_our_names() -> None:
    if not TINY_IMAGENET.is_dir():
        pytest.skip(f"{TINY_IMAGENET} is not on this machine")
    ids = (TINY_IMAGENET / "wnids.txt").read_text("utf-8").split()
    names = Labels.read(TINY_IMAGENET / "labels.txt").names
    ours = dict(zip(imagenet().wordnet_ids, imagenet().names, strict=True))
    assert len(ids) == 200
    assert tuple(ours[i] for i in ids) == names


def test_the_bundled_module_has_our_names() -> None:
    """The same classes, wherever `../shared` is missing."""
    labels = load_module_spec("tiny_imagenet").labels
    ours = dict(zip(imagenet().wordnet_ids, imagenet().names, strict=True))
    assert len(labels) == 200
    assert tuple(ours[i] for i in labels.wordnet_ids) == labels.names


def test_without_background() -> None:
    view = imagenet().without_background()
    assert len(view) == 1000
    assert (view[0], view.wordnet_ids[0]) == ("tench", "n01440764")
    assert view[-1] == "toilet tissue"
    with pytest.raises(ArgumentError, match="class 0 is 'tench'"):
        view.without_background()
    with pytest.raises(ArgumentError, match="there are no classes"):
        Labels((), ()).without_background()


def test_any_integer_is_an_index() -> None:
    labels = imagenet()
    logits = np.zeros(1001, np.float32)
    logits[282] = 1
    assert labels[logits.argmax()] == labels[np.uint16(282)] == labels[282] == "tabby"
    with pytest.raises(IndexError, match="There is no class 1001; this module has classes 0 to 1000"):
        labels[1001]


def test_a_slice_is_a_tuple_of_names() -> None:
    labels = imagenet()
    assert labels[:3] == ("background", "tench", "goldfish")
    assert labels[-2:] == ("ear", "toilet tissue")
    assert labels[1001:] == ()


def test_index_is_the_first_class_of_a_name() -> None:
    labels = imagenet()
    assert labels.index("tabby") == 282
    assert labels.index("crane") == 135  # 518 is the machine
    with pytest.raises(ValueError, match="No class is called 'tiger cat, big'; give one of the 1,001 names"):
        labels.index("tiger cat, big")


def test_names_are_members_in_order() -> None:
    labels = Labels(("cat", "dog"), (None, None))
    assert "dog" in labels
    assert "cow" not in labels
    assert list(labels) == ["cat", "dog"]
    assert len(labels) == 2


def test_repr_is_short() -> None:
    assert repr(imagenet()) == "Labels(1,001 classes: 'background', 'tench', 'goldfish', ...)"
    assert repr(Labels(("cat", "dog"), (None, None))) == "Labels(2 classes: 'cat', 'dog')"
    assert repr(Labels((), ())) == "Labels(no classes)"


def test_text_there_and_back() -> None:
    labels = Labels(("cat", "dog", "cat", "naïve 猫"), (None, "n02084071", None, None))
    assert labels.to_text() == "cat\ndog\ncat\nnaïve 猫\n"
    assert Labels.from_text(labels.to_text(), labels.wordnet_ids) == labels
    assert Labels.from_text("cat\r\ndog") == Labels(("cat", "dog"), (None, None))
    assert Labels.from_text("") == Labels((), ())


def test_read(tmp_path: Path) -> None:
    path = tmp_path / "labels.txt"
    path.write_bytes("\ufeffrose\ntulip\n".encode())  # as Windows' Notepad saves it
    assert Labels.read(path).names == ("rose", "tulip")


@pytest.mark.parametrize(
    "content, message",
    [
        (b"cat\n\ndog\n", "Line 2 of the labels is ''"),
        (b"cat\n  \n", "Line 2 of the labels is '  '"),
        (b"n02123045\ttabby\n", "Line 1 of the labels is .*without tabs"),
        (b"caf\xe9\n", "not UTF-8 at byte 3"),
        (b"x" * (16 * 2**20 + 1), "more than 16,777,216 bytes"),
    ],
)
def test_read_refuses(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "labels.txt"
    path.write_bytes(content)
    with pytest.raises(FormatError, match=message) as raised:
        Labels.read(path)
    assert str(path) in str(raised.value)
    assert "\n" not in str(raised.value)


def test_read_refuses_what_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="missing.txt does not exist"):
        Labels.read(tmp_path / "missing.txt")
    with pytest.raises(FormatError, match="cannot be read"):
        Labels.read(tmp_path)


@pytest.mark.parametrize(
    "ids", [[], ["n02123045"], ["n02123045", "tabby"], [None, 7], "n1", {"a": 1, "b": 2}]
)
def test_wordnet_ids_that_do_not_fit(ids: list[str | None]) -> None:
    with pytest.raises(FormatError, match="WordNet id"):
        Labels.from_text("cat\ndog\n", ids)


def test_labels_that_would_not_survive_their_file() -> None:
    with pytest.raises(ArgumentError, match="class 1 is 'a.nb'"):
        Labels(("cat", "a\nb"), (None, None))
    with pytest.raises(ArgumentError, match="1 WordNet ids for 2 names"):
        Labels(("cat", "dog"), (None,))
