"""The kinds of findings: what they are called, and the rules and thresholds by which a photo is of one."""

from typing import Literal, NamedTuple, get_args

from ..images.quality import SIDE
from ..similarity.duplicates import SAME
from .cross_validation import FOLDS
from .label_errors import FAR, NO_CHANCE, SURE, SUSPICIOUS

Kind = Literal[
    "leak", "conflict", "duplicate", "wrong label", "outlier", "unreadable",
    "dark", "blurred", "tiny", "odd shape", "grey",
]  # fmt: skip
KINDS: tuple[Kind, ...] = get_args(Kind)

DARK = 0.25  # brightness, in [0, 1]
BLURRED = 30.0  # variance of the Laplacian; a Gaussian of 1.5 px at `SIDE` makes it of a sharp photo
TINY = 64  # px, shorter side
ODD = 2.5  # times as long as wide, or as wide as long
GREY = 0.01  # difference of channels, in [0, 1]
USUAL = 0.5  # share of photos from which a quality is what the data is like, and no finding


class Title(NamedTuple):
    """What a kind is called, and by which rule a photo is of it."""

    title: str
    rule: str


TITLES: dict[Kind, Title] = {
    "leak": Title(
        "In two splits",
        "Copies of photos of another split, also scaled, cropped or mirrored: their fine detail correlates "
        f"by {SAME} or more. What is measured on them is too good. The copy in train is proposed to be left "
        "out.",
    ),
    "conflict": Title(
        "Copies with different labels",
        f"Copies within a split, correlation {SAME} or more: one label is wrong, or the photo shows both.",
    ),
    "duplicate": Title(
        "Copies",
        f"Copies within a split and class, also scaled, cropped or mirrored: correlation {SAME} or more. All "
        "but the first are proposed to be left out.",
    ),
    "wrong label": Title(
        "Likely wrong labels",
        "The other photos suggest another class: a classifier of feature vectors, cross-validated in "
        f"{FOLDS} parts, and the most similar photos find it more probable. Named are those that confident "
        f"learning counts for the other class, and the rest of the most suspicious {SUSPICIOUS:.0%} of "
        "photos, the least probable labels first. To leave out is proposed where the other class has "
        f"{SURE:.0%} or more and its own {NO_CHANCE:.0%} or less.",
    ),
    "outlier": Title(
        "Unlike their class",
        "Their feature vectors are far from the others of the class: the modified z-score of the distance is "
        f"above {FAR}.",
    ),
    "unreadable": Title("Cannot be read", "Training leaves them out in any case."),
    "dark": Title("Dark", f"95% of the photo is darker than {DARK:.0%} of full brightness."),
    "blurred": Title(
        "Blurred",
        f"The variance of the Laplacian is below {BLURRED:.0f}, at {SIDE} x {SIDE} px; photos of a shorter "
        "side below that are not measured.",
    ),
    "tiny": Title("Tiny", f"The shorter side has fewer than {TINY} px."),
    "odd shape": Title(
        "Odd-shaped",
        f"One side is at least {ODD} times the other.",
    ),
    "grey": Title(
        "Without colour", f"The channels differ by {GREY:.0%} of full brightness or less, on average."
    ),
}
