"""Which column of a table holds the photos, their labels, and their splits: by what people call them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..errors import FormatError
from ..system.text import printable

# In the order in which they are looked for, in any case; `_`, `-` and spaces do not count.
IMAGES = (
    *("image", "img", "images", "path", "filename", "file", "filepath", "imagepath", "imagefile"),
    *("imagefilename", "imagename", "imageid", "photo", "picture", "imgpath", "imgname", "idcode"),
    "imagebytes",
)
LABELS = (
    *("label", "labels", "cls", "class", "classname", "labelname", "category", "target", "classlabel"),
    *("categoryname", "classid", "labelid", "categoryid"),
)
SPLITS = ("split", "subset", "set", "partition", "dataset")
SHOWN = 200  # characters of a table's columns in a message


@dataclass(frozen=True)
class Columns:
    """Names of columns as the table has them; `split`: None where there is none. `unread`: the others."""

    image: str
    label: str
    split: str | None
    unread: tuple[str, ...] = ()


def choose(
    names: Iterable[str], where: str, images: Sequence[str] = (), labels: Sequence[str] = ()
) -> Columns:
    """The columns of a table; `images` and `labels` are those that it says are such itself.

    Raises `FormatError` where there is none of photos or labels; `where` names the table.
    """
    names = list(names)
    named = {_plain(name): name for name in reversed(names)}
    columns = ", ".join(reversed(named.values()))
    image = next(iter(images), None) or _first(named, IMAGES)
    if image is None:
        raise FormatError(_missing("images", "image (path in a CSV)", columns, where))
    label = _first(named, LABELS) or next(iter(labels), None)
    if label is None:
        raise FormatError(_missing("labels", "label", columns, where))
    split = _first(named, SPLITS)
    others = (name for name in names if name not in (image, label, split))
    # What has no name, or one of pandas, is the number of the row.
    return Columns(image, label, split, tuple(n for n in others if n.strip() and not n.startswith("__")))


def is_known(name: str) -> bool:
    """Whether a column of that name would be chosen."""
    return _plain(name) in {*IMAGES, *LABELS, *SPLITS}


def _first(named: Mapping[str, str], wanted: Sequence[str]) -> str | None:
    return next((named[name] for name in wanted if name in named), None)


def _plain(name: str) -> str:
    return "".join(name.lower().replace("_", " ").replace("-", " ").split())


def _missing(what: str, name: str, columns: str, where: str) -> str:
    shown = printable(columns[:SHOWN]) + ("..." if len(columns) > SHOWN else "")
    return f"There is no column of {what} among {shown} in {where}; name one {name}."
