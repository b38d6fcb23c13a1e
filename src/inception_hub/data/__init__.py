"""Photos with classes, from wherever they are to arrays that training and evaluation can use."""

from .folders import Files as Files
from .photos import Dataset as Dataset
from .photos import Split as Split
from .pixels import MEMORY_BUDGET as MEMORY_BUDGET
from .pixels import Pixels as Pixels
from .pixels import decode_split as decode_split
from .prepare import prepared as prepared
from .source import open_dataset as open_dataset
from .split import duplicates_across_splits as duplicates_across_splits
from .split import split_dataset as split_dataset
