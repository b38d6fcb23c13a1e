"""Names of splits: in files, folders and columns. Standard library only."""

import re

TRAIN, VALIDATION, TEST = "train", "validation", "test"
SPLITS = {
    "train": TRAIN,
    "training": TRAIN,
    "validation": VALIDATION,
    "validate": VALIDATION,
    "valid": VALIDATION,
    "val": VALIDATION,
    "dev": VALIDATION,
    "test": TEST,
    "testing": TEST,
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


def split_of_file(stem: str) -> str | None:
    """The split in the name of a file, such as `train-00000-of-00002` or `flowers_val`; the first counts."""
    named = [SPLITS[word] for word in _words(stem) if word in SPLITS]
    first = SPLITS.get(_words(stem)[0]) if _words(stem) else None
    return first or (named[0] if len(set(named)) == 1 else None)


def _words(name: str) -> list[str]:
    return [word for word in re.split(r"[^a-z]+", name.lower()) if word]
