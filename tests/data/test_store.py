"""Decoded photos on disk: their pixels are there before anything says so."""

import os
from pathlib import Path

import pytest
from helpers.dataset_photos import png, split_of

from inception_hub.data import decode_split
from inception_hub.data.pixels import BATCH


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="names of open files are not told here")
def test_pixels_are_on_disk_before_their_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A crash between the two costs a batch; the other way round, photos count that were never written."""
    synchronised: list[str] = []
    fsync = os.fsync

    def noted(descriptor: int) -> None:
        synchronised.append(Path(os.readlink(f"/proc/self/fd/{descriptor}")).name)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    photos = [png(seed) for seed in range(BATCH + 1)]
    decode_split(split_of(photos, [0] * len(photos)), tmp_path, 8)
    pixels, record = "pixels.npy.partial", "pixels.jsonl.partial"
    assert synchronised == [pixels, record, pixels, record, pixels]
