"""Labelled photos: opened from files or the Hugging Face hub, split and decoded."""

from .dataset import Dataset as Dataset
from .dataset import Split as Split
from .folders import PhotoFiles as PhotoFiles
from .opening import open_dataset as open_dataset
from .pixels import Pixels as Pixels
from .pixels import decode_split as decode_split
from .prepare import prepared as prepared
from .split import duplicates_across_splits as duplicates_across_splits
from .split import duplicates_within_splits as duplicates_within_splits
from .split import split_dataset as split_dataset
from .splits import TEST as TEST
from .splits import TRAIN as TRAIN
from .splits import VALIDATION as VALIDATION
