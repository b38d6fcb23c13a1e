"""Names of splits: in files, folders and columns. Standard library only."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence, Set

TRAIN, VALIDATION, TEST = "train", "validation", "test"
SPLITS = {
    "train": TRAIN,
    "training": TRAIN,
    "trainset": TRAIN,
    "validation": VALIDATION,
    "validate": VALIDATION,
    "valid": VALIDATION,
    "val": VALIDATION,
    "valset": VALIDATION,
    "dev": VALIDATION,
    "test": TEST,
    "testing": TEST,
    "testset": TEST,
    "eval": TEST,
    "evaluation": TEST,
}
# Words that may stand beside a split's in the name of a folder, such as `training_set` or `val-images`.
BESIDE = {"set", "split", "data", "dataset", "folder", "image", "images", "img", "imgs", "photo", "photos"}


def split_called(text: str) -> str | None:
    """The split that `text` is a name of, as in a column."""
    return SPLITS.get(text.strip().lower())


def split_of_folder(name: str) -> str | None:
    """The split that a folder called `name` holds; None for `train station`, which may be a class."""
    words = _words(name)
    named = {SPLITS[word] for word in words if word in SPLITS}
    return (
        named.pop() if len(named) == 1 and all(word in SPLITS or word in BESIDE for word in words) else None
    )


def splits_of_folders(names: Iterable[str]) -> dict[str, str]:
    """The splits of folders beside each other, by their names.

    Also of `seg_train` and `seg_test`: names that differ in the split's alone.
    """
    splits: dict[str, str] = {}
    alike: defaultdict[tuple[str, ...], dict[str, str]] = defaultdict(dict)
    for name in names:
        named = {SPLITS[word] for word in _words(name) if word in SPLITS}
        if split := split_of_folder(name):
            splits[name] = split
        elif len(named) == 1:
            alike[tuple(word for word in _words(name) if word not in SPLITS)][name] = named.pop()
    for group in alike.values():
        splits |= group if len(set(group.values())) > 1 else {}
    return splits


def splits_of_paths(
    paths: Sequence[tuple[str, ...]], classes: Set[str] = frozenset()
) -> list[tuple[str, str] | None]:
    """The split of each path of folders' names, and the first name that says so; None where none does.

    `classes`: names that are no splits'.
    """
    inside: defaultdict[tuple[str, ...], set[str]] = defaultdict(set)  # by folder, those in it
    for path in dict.fromkeys(paths):
        for place, name in enumerate(path):
            inside[path[:place]] |= {name} - classes
    splits = {folder: splits_of_folders(names) for folder, names in inside.items()}
    split_of = {}
    for path in dict.fromkeys(paths):
        named = ((splits[path[:place]].get(name), name) for place, name in enumerate(path))
        split_of[path] = next(((split, name) for split, name in named if split), None)
    return [split_of[path] for path in paths]


def split_of_file(stem: str) -> str | None:
    """The split in the name of a file, such as `train-00000-of-00002` or `flowers_val`; the first counts."""
    named = [SPLITS[word] for word in _words(stem) if word in SPLITS]
    first = SPLITS.get(_words(stem)[0]) if _words(stem) else None
    return first or (named[0] if len(set(named)) == 1 else None)


def _words(name: str) -> list[str]:
    """Those of `train_images`, `train images 2` and `trainImages`."""
    apart = re.sub("(?<=[a-z])(?=[A-Z])", " ", name)
    return [word for word in re.split(r"[^a-z]+", apart.lower()) if word]
