"""A self-contained HTML page of similar photos, or of near-duplicates: thumbnails inside, no scripts.

Like the gallery it is written part by part to a temporary file that takes its name once it is complete.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ..errors import InceptionHubError
from ..inference.decoding import THUMBNAIL
from ..output.data_uri import jpeg_uri
from ..output.files import PendingFile
from ..output.gallery import GENERATOR, QUALITY, refuse_all_but_a_page
from ..system.outputs import as_output_error, claimed
from ..system.templates import page_template
from ..system.text import counted, encoded
from .rows import DuplicateRow, SimilarRow

SMALL = 240  # px, longest side of the photos found: sharp on a card of 9 rem
SIMILAR_HINT = (
    "Beside each photo those that are most like it, by the cosine of their feature vectors: 1 is the same, "
    "and what is near depends on the photos searched."
)
DUPLICATE_HINT = (
    "Photos that are there more than once, perhaps encoded again, scaled, cropped or mirrored. The score is "
    "the correlation of fine detail with another photo of the group: 1 is the same. Nothing was deleted."
)


@dataclass(frozen=True)
class _Card:
    path: str
    value: float = 0.0
    thumbnail: str | None = None

    @property
    def folder(self) -> str:
        return os.path.split(self.path)[0]

    @property
    def name(self) -> str:
        return os.path.split(self.path)[1] or self.path


class SimilarPage:
    """Writes the page `path` of the photos similar to others, by `module` (its name); a context manager.

    `max_pixels`: of a photo that is decoded for its thumbnail. A page that the package wrote is replaced once
    this one is complete; abandoned after an exception, nothing changes. Raises `OutputError` if something
    else is at `path`, another process writes it, or it cannot be written.
    """

    def __init__(self, path: Path, module: str, max_pixels: int) -> None:
        self._max_pixels, self._queries = max_pixels, 0
        self._writing = _opened(path, "Similar photos", module, SIMILAR_HINT)

    def add(self, row: SimilarRow, image: NDArray[np.uint8] | None) -> None:
        """A section for `row`; `image`: uint8 [height, width, 3] of the query, None for an error."""
        self._queries += 1
        thumbnail = None if image is None else jpeg_uri(image, THUMBNAIL, QUALITY)
        cards = [
            _Card(each.path, each.similarity, _thumbnail(each.path, self._max_pixels))
            for each in row.similar or ()
        ]
        self._page.write("query", _Card(row.path, thumbnail=thumbnail), row.error, cards)

    def __enter__(self) -> Self:
        self._page = self._writing.__enter__()
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if kind is None:
            self._page.write("foot", f"{counted(self._queries, 'photo')} asked about.", [])
        self._writing.__exit__(kind, error, trace)


def write_duplicates_page(path: Path, rows: Iterable[DuplicateRow], module: str, max_pixels: int) -> None:
    """Writes the page of the groups that `rows` make; arguments and errors as of `SimilarPage`."""
    photos = count = 0
    failures = []
    with _opened(path, "Near-duplicates", module, DUPLICATE_HINT) as page:
        for number, group in groupby(rows, lambda row: row.group):
            if number is None:
                failures += [row.error for row in group]
                continue
            cards = [_Card(row.path, row.score or 0.0, _thumbnail(row.path, max_pixels)) for row in group]
            page.write("group", number, cards)
            photos, count = photos + len(cards), count + 1
        told = (
            f"{counted(photos, 'photo')} in {counted(count, 'group')}."
            if count
            else "No photo is there twice."
        )
        page.write("foot", told, failures)


class _Page:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.pending = PendingFile(path)
        self._template: Any = page_template("similar.html.j2").module

    def write(self, part: str, *arguments: Any) -> None:
        with as_output_error(self.path):
            self.pending.file.write(encoded(getattr(self._template, part)(*arguments)))


@contextmanager
def _opened(path: Path, title: str, module: str, hint: str) -> Iterator[_Page]:
    refuse_all_but_a_page(path)
    with claimed(path):
        page = _Page(path)
        try:
            page.write("head", title, module, GENERATOR, hint)
            yield page
            page.pending.commit()
        except BaseException:
            page.pending.discard()
            raise


def _thumbnail(path: str, max_pixels: int) -> str | None:
    """The picture at `path`, small; None where it cannot be read any more, as of vectors from elsewhere."""
    from ..images.decode import picture

    try:
        image = picture(path, max_pixels=max_pixels, least=SMALL)
    except InceptionHubError:
        return None
    image.thumbnail((SMALL, SMALL))
    return jpeg_uri(np.asarray(image), SMALL, QUALITY)
