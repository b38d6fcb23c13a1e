"""Feature vectors of photos by a frozen network, computed once and kept on disk."""

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..architecture import GLOBAL_POOL
from ..engines.torch import Network
from ..errors import InceptionHubError, OutputError
from ..images.loading import DECODING

BATCH = 64  # photos
VERSION = 2  # of the file


def feature_vectors(
    network: Network,
    count: int,
    images: Callable[[int, int], Tensor],
    bfloat16: bool,
    cache: Path | None = None,
    identity: str = "",
    on_progress: Callable[[int, int], None] = lambda done, total: None,
    on_resume: Callable[[int], None] = lambda done: None,
) -> Tensor:
    """float32 [count, features], normalised by the moving statistics.

    `images(start, stop)` gives the photos `start` to `stop` as float32 [n, height, width, 3] in [0, 1]. With
    `cache`, a file, computed vectors are kept there and an interrupted call is resumed; vectors of another
    `identity` are replaced; `on_resume` is called with how many are there, if not all. Raises
    `OutputError` if the file cannot be written.
    """
    vectors = np.empty((count, network.architecture.num_features), np.float32)
    device = next(network.parameters()).device
    with _opened(cache, vectors, identity) as kept:
        if 0 < kept.done < count:
            on_resume(kept.done)
        for start in range(kept.done, count, BATCH):
            stop = min(start + BATCH, count)
            with torch.no_grad(), torch.autocast(device.type, torch.bfloat16, enabled=bfloat16):
                batch = network(images(start, stop).to(device))[GLOBAL_POOL][:, 0, 0]
            vectors[start:stop] = batch.float().cpu().numpy()
            kept.append(vectors[start:stop])
            on_progress(stop, count)
    return torch.from_numpy(vectors)


class _Kept:
    """The vectors in a file, or none: `done` of them are there.

    A line that says what they are of, then batches, each followed by the SHA-256 of all up to there: vectors
    count only behind their own line and whole, whatever was written there before or broke off.
    """

    def __init__(self, file: BinaryIO | None, vectors: NDArray[np.float32], identity: str) -> None:
        self.done = 0
        self._file = file
        if file is None:
            return
        facts = {"version": VERSION, "decoding": DECODING, "identity": identity, "shape": vectors.shape}
        line = json.dumps(facts).encode() + b"\n"
        self._digest = hashlib.sha256(line)
        file.seek(0)
        if file.read(len(line)) != line:
            file.seek(0)
            file.truncate()
            file.write(line)
            return
        whole = file.tell()
        while self.done < len(vectors) and self._read(file, vectors[self.done : self.done + BATCH]):
            self.done, whole = min(self.done + BATCH, len(vectors)), file.tell()
        file.seek(whole)
        file.truncate()

    def _read(self, file: BinaryIO, batch: NDArray[np.float32]) -> bool:
        """Reads the next batch; False if it is not whole."""
        content = file.read(batch.nbytes)
        digest = self._digest.copy()
        digest.update(content)
        if len(content) != batch.nbytes or file.read(digest.digest_size) != digest.digest():
            return False
        self._digest = digest
        batch[:] = np.frombuffer(content, np.float32).reshape(batch.shape)
        return True

    def append(self, batch: NDArray[np.float32]) -> None:
        """Keeps the next batch."""
        if self._file is not None:
            content = batch.tobytes()
            self._digest.update(content)
            self._file.write(content + self._digest.digest())
            self._file.flush()


@contextmanager
def _opened(cache: Path | None, vectors: NDArray[np.float32], identity: str) -> Iterator[_Kept]:
    """The vectors kept in `cache`, read into `vectors`; those appended are written there."""
    if cache is None:
        yield _Kept(None, vectors, identity)
        return
    try:
        cache.parent.mkdir(parents=True, exist_ok=True)
        with open(os.open(cache, os.O_RDWR | os.O_CREAT, 0o666), "r+b") as file:
            yield _Kept(file, vectors, identity)
    except OSError as error:
        if isinstance(error, InceptionHubError):
            raise
        raise OutputError(
            f"The feature vectors need {vectors.nbytes:,} bytes in {cache.parent} "
            f"({error.strerror or error}); make room there and run the same command again."
        ) from error
