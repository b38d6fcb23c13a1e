"""Photos from their files to what the engine takes, in threads, or in processes where there are many cores.

Python runs the code of one thread at a time, and of a photo's millisecond a third to a half is such code:
processes decoded 2.4 times as many photos as threads on a machine of 16 cores. They take a second to start.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ImageError
from ..images.decode import at_least
from ..images.fingerprint import fingerprint
from ..images.heatmaps import map_size
from ..images.loading import decode_and_resize_again, decode_compactly
from ..images.presets import Preset
from ..system.threads import in_order
from .options import Options

THUMBNAIL = 320  # px, longest side: sharp on a gallery's card of 160 to 320
FIRST = 512  # photos that threads decode before processes are started
TOGETHER = 16  # photos that a process is sent at a time: to send one takes as long as to decode a fifth


@dataclass(frozen=True)
class Photo:
    """A photo to compute for: `path` names it in the rows, `source` is what to decode."""

    path: str
    source: Any


@dataclass(frozen=True)
class Decoded:
    """A photo at the engine's size, [height, width, 3], or why there is none.

    `pixels`: uint8, a quarter of the memory, or float32 in [0, 1] where the preset gives no whole levels.
    `enlarged`: float32 at the size of heatmaps, where that is another. `fingerprint`: where it was asked for.
    """

    photo: Photo
    pixels: NDArray[np.uint8] | NDArray[np.float32] | None = None
    thumbnail: NDArray[np.uint8] | None = None
    enlarged: NDArray[np.float32] | None = None
    fingerprint: NDArray[np.uint8] | None = None
    error: str | None = None


def decode_all(
    photos: Iterable[Photo],
    size: tuple[int, int],
    preset: Preset,
    options: Options,
    *,
    threads: int,
    ahead: int,
) -> Iterator[Decoded]:
    """All `photos` at `size`, in order, `ahead` of them begun before they are asked for.

    The first `FIRST` are decoded by `threads`, as are the others unless there are `options.processes`. Raises
    `ImageError` if one of these is ended from outside.
    """
    processes = options.processes
    decode = partial(decode_photo, size=size, preset=preset, options=options)
    several = partial(decode_photos, size=size, preset=preset, options=options)
    waiting = iter(photos)
    by_threads = islice(waiting, FIRST) if processes else waiting
    yield from in_order(decode, by_threads, threads=threads, ahead=ahead)
    lists = iter(lambda: list(islice(waiting, TOGETHER)), [])
    first = next(lists, None)
    if first is None:
        return
    from concurrent.futures.process import BrokenProcessPool  # not imported by every start

    from ..system.processes import process_pool

    try:
        pool = process_pool(processes)
        for decoded in in_order(several, chain([first], lists), pool=pool, ahead=-(-ahead // TOGETHER)):
            yield from decoded
    except BrokenProcessPool as error:
        raise ImageError(
            "A process that decoded photos was ended from outside, perhaps as the memory ran out; "
            "free some and run this again, with --resume where rows were written."
        ) from error


def decode_photos(
    photos: list[Photo], *, size: tuple[int, int], preset: Preset, options: Options
) -> list[Decoded]:
    """Each of `photos` as `decode_photo` decodes it."""
    return [decode_photo(photo, size=size, preset=preset, options=options) for photo in photos]


def decode_photo(photo: Photo, *, size: tuple[int, int], preset: Preset, options: Options) -> Decoded:
    """`photo` at `size`, or its error."""
    source = photo.source
    enlarged = thumbnail = None
    try:
        image, pixels = decode_compactly(source, size, preset, max_pixels=options.max_pixels)
        if options.feature_maps and map_size(size) != size:
            again = partial(decode_and_resize_again, max_pixels=options.max_pixels)
            enlarged = again(image, source, map_size(size), preset)
        if options.thumbnails:
            small = at_least(THUMBNAIL, image, source, options.max_pixels)
            small.thumbnail((THUMBNAIL, THUMBNAIL))
            thumbnail = np.asarray(small)
    except ImageError as error:
        return Decoded(photo, error=str(error))
    return Decoded(photo, pixels, thumbnail, enlarged, fingerprint(image) if options.fingerprints else None)
