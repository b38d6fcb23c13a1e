"""One self-contained HTML page: a card for each photo, with its best labels as bars, or its error.

Nothing is loaded from elsewhere: thumbnails are JPEG data URIs, and the page's own policy forbids the rest.
Its one script, known to the policy by its hash, searches, filters and sorts; without it all is there to read.
The page is written card by card to a temporary file that takes its name once it is complete.
"""

import hashlib
import os
from base64 import b64encode
from collections.abc import Sequence
from contextlib import ExitStack
from importlib.resources import files
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ..errors import OutputError
from ..images.heatmaps import Heatmap, palette
from ..inference.decoding import THUMBNAIL
from ..inference.row import Row
from ..system.outputs import as_output_error, claimed
from ..system.regular import open_regular
from ..system.templates import page_template
from ..system.text import encoded
from .data_uri import jpeg_uri, palette_png_uri
from .files import PendingFile

QUALITY = 75  # JPEG: about 12 kB a photo
GENERATOR = "inception-hub gallery"  # in the page's head: such a page, and nothing else, may be replaced


class Gallery:
    """Writes the page `path` of photos and their predictions by `module` (its name); a context manager.

    `heatmaps`: how many a photo will have at most. A gallery that is there already is replaced, on `close`;
    abandoned after an exception, nothing changes. Raises `OutputError` if something else is at `path`,
    another process writes it, or it cannot be written.
    """

    def __init__(self, path: Path, module: str, heatmaps: int = 0) -> None:
        refuse_all_but_a_page(path)
        with ExitStack() as claim:
            claim.enter_context(claimed(path))
            self._page = PendingFile(path)
            self._claim = claim.pop_all()
        self._template: Any = page_template("gallery.html.j2").module
        self._name = path
        self._photos = self._errors = 0
        script = files("inception_hub").joinpath("resources", "templates", "gallery.js")
        self._script = script.read_text("utf-8")
        digest = hashlib.sha256(self._script.encode()).digest()
        self._write(self._template.head(module, GENERATOR, f"sha256-{b64encode(digest).decode()}", heatmaps))

    def add(self, row: Row, image: NDArray[np.uint8] | None = None, heatmaps: Sequence[Heatmap] = ()) -> None:
        """A card for `row`; `image`: uint8 [height, width, 3], of any size, None where there is an error.

        `heatmaps`: of the image's size, for the first of the row's predictions, or none.
        """
        self._photos += 1
        self._errors += row.error is not None
        folder, name = os.path.split(row.path)
        thumbnail = fit = None
        if image is not None:
            thumbnail, fit = jpeg_uri(image, THUMBNAIL, QUALITY), _fit(*image.shape[:2])
        heats = [(palette_png_uri(each.index, palette()), each.place) for each in heatmaps]
        self._write(self._template.card(row, folder, name or row.path, thumbnail, fit, heats))

    def close(self) -> None:
        """Completes the page and puts it in its place."""
        with self._claim:
            try:
                self._write(self._template.foot(self._photos, self._errors, self._script))
                self._page.commit()
            except BaseException:
                self._page.discard()
                raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.close()
        else:
            with self._claim:
                self._page.discard()

    def _write(self, html: str) -> None:
        with as_output_error(self._name):
            self._page.file.write(encoded(html))


def refuse_all_but_a_page(path: Path) -> None:
    """Raises `OutputError` for what is at `path` and is no page that the package wrote."""
    if not os.path.lexists(path):
        return
    try:
        with open_regular(path) as file:  # a pipe would be waited for
            start = file.read(1024)
    except OSError:
        start = b""
    if GENERATOR.encode() not in start:
        raise OutputError(f"{path} exists and is no gallery of ours; give another name or remove it first.")


def _fit(height: int, width: int) -> str:
    """How a photo meets the 4:3 window of its card: it fills it where that hides at most a fifth of it."""
    ratio = (width / height) / (4 / 3)
    return "filling" if min(ratio, 1 / ratio) >= 0.8 else "whole"
