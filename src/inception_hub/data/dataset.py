"""Labelled photos that are not decoded yet: a split of them, a data set of splits, and their fingerprints."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..errors import ImageError
from ..labels import Labels
from ..system.threads import in_order


class Photos(Protocol):
    """Photos of one source, each by its row number."""

    def name(self, row: int) -> str:
        """The photo's path, or another name by which a person can find it."""
        ...

    def within(self, row: int) -> str:
        """The photo's name within its data, with slashes: the same wherever that lies."""
        ...

    def encoded(self, row: int) -> bytes:
        """The bytes of the photo's file; raises `ImageError` if they cannot be read."""
        ...

    def stamp(self, row: int) -> bytes | None:
        """Bytes that change when the photo does, without reading it; None where only its content tells."""
        ...


@dataclass(frozen=True, eq=False)
class Split:
    """Photos, not decoded, and their classes.

    `classes`: int64 [n], indices into the data set's labels. `rows`: int64 [n], each photo's row in `photos`.
    """

    classes: NDArray[np.int64]
    photos: Photos
    rows: NDArray[np.int64]
    _hashes: dict[int, bytes] = field(default_factory=dict, repr=False)  # by row; shared with subsets

    def __len__(self) -> int:
        return len(self.classes)

    def name(self, i: int) -> str:
        """The path of photo `i`, or `train-00000.parquet#17` for one inside another file."""
        return self.photos.name(int(self.rows[i]))

    def within(self, i: int) -> str:
        """The name of photo `i` within the data; a photo that is listed twice has it twice."""
        return self.photos.within(int(self.rows[i]))

    def encoded(self, i: int) -> bytes:
        """The bytes of photo `i` as they lie in its file; raises `ImageError` if they cannot be read."""
        return self.photos.encoded(int(self.rows[i]))

    def subset(self, indices: Sequence[int] | NDArray[np.int64]) -> "Split":
        """The photos at `indices`, in that order."""
        chosen = np.asarray(indices, np.int64)
        return Split(self.classes[chosen], self.photos, self.rows[chosen], self._hashes)

    def content_hashes(self) -> list[bytes]:
        """SHA-256 of each photo's bytes, 32 bytes each, computed once also for all subsets.

        For a photo that cannot be read it is the hash of its name: it belongs to a split all the same, and
        decoding will report it.
        """
        rows: list[int] = self.rows.tolist()
        unknown = [row for row in dict.fromkeys(rows) if row not in self._hashes]
        self._hashes.update(zip(unknown, in_order(self._hash, unknown), strict=True))
        return [self._hashes[row] for row in rows]

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256, hexadecimal, over the classes and, in order, each photo's identity.

        The identity of a file on disk is its path within the data, size and modification time (ns); that of
        a photo inside another file is the hash of its content.
        """
        total = hashlib.sha256(self.classes.astype("<i8").tobytes())
        stamps = [self.photos.stamp(row) for row in self.rows.tolist()]
        inside = self.subset([i for i, stamp in enumerate(stamps) if stamp is None])
        hashes = iter(inside.content_hashes())
        for stamp in stamps:
            total.update(hashlib.sha256(stamp).digest() if stamp is not None else next(hashes))
        return total.hexdigest()

    def _hash(self, row: int) -> bytes:
        try:
            return hashlib.sha256(self.photos.encoded(row)).digest()
        except ImageError:
            return hashlib.sha256(b"unreadable\0" + _bytes(self.photos.name(row))).digest()


@dataclass(frozen=True, eq=False)
class Dataset:
    """Photos in splits that share their classes.

    `name`: the last part of the path or hub name. `splits`: of "train", "validation" and "test" those
    that the data has; what is not split is all "train". `notes`: what lies beside them and is not read, in
    sentences.
    """

    name: str
    labels: Labels
    splits: Mapping[str, Split]
    notes: tuple[str, ...] = ()

    def counts(self) -> dict[str, dict[str, int]]:
        """The number of photos by split and class name, 0 included; classes of one name count together."""
        table: dict[str, dict[str, int]] = {}
        for name, split in self.splits.items():
            table[name] = dict.fromkeys(self.labels, 0)
            for label, count in zip(
                self.labels, np.bincount(split.classes, minlength=len(self.labels)), strict=True
            ):
                table[name][label] += int(count)
        return table

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256, hexadecimal, over the class names, the names of the splits and their fingerprints.

        It changes when any photo, its class or its split does; `Split.fingerprint` says how a photo counts.
        """
        splits = {name: split.fingerprint for name, split in self.splits.items()}
        return hashlib.sha256(_bytes(json.dumps([self.labels.names, sorted(splits.items())]))).hexdigest()


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
