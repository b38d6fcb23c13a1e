"""The file of vectors: what was written is read, and nothing that is not whole or of other settings."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from inception_hub.images.fingerprint import SIDE
from inception_hub.similarity import vector_store
from inception_hub.similarity.vector_store import read, write

SETTINGS = {"module": "small", "weights": "abc", "decoding": 4}
FEATURES = 8
NAMES = ["a.jpg", "b/\udcff.jpg", "c\n\u4e2d.jpg"]
STAMPS = [(10, 1_700_000_000_123_456_789), (20, 2), (0, 0)]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "vectors"
    vectors, fingerprints = arrays()
    write(path, NAMES, STAMPS, iter(vectors), iter(fingerprints), SETTINGS, FEATURES)
    return path


def arrays() -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    vectors = generator.normal(size=(3, FEATURES)).astype(np.float32)
    return vectors, generator.integers(0, 256, (3, SIDE, SIDE), np.uint8)


def test_what_was_written_is_read_and_mapped(file: Path) -> None:
    stored = read(file, SETTINGS, FEATURES)
    assert stored is not None
    assert (list(stored.names), list(stored.stamps)) == (NAMES, STAMPS)
    for kept, given in zip((stored.vectors, stored.fingerprints), arrays(), strict=True):
        assert isinstance(kept, np.memmap) and not kept.flags.writeable
        np.testing.assert_array_equal(kept, given)


def test_it_is_safetensors_that_any_program_reads(file: Path) -> None:
    found = load_file(file)
    assert set(found) == set(vector_store.COLUMNS)
    np.testing.assert_array_equal(found["vectors"], arrays()[0])
    start = found["starts"].tolist()
    names = found["names"].tobytes()
    assert [os.fsdecode(names[a:b]) for a, b in zip(start, start[1:], strict=False)] == NAMES


def test_no_photos_are_a_file_too(tmp_path: Path) -> None:
    path = tmp_path / "vectors"
    write(path, [], [], [], [], SETTINGS, FEATURES)
    stored = read(path, SETTINGS, FEATURES)
    assert stored is not None and not stored.names and stored.vectors.shape == (0, FEATURES)


def test_other_settings_features_or_no_file_are_nothing(file: Path, tmp_path: Path) -> None:
    assert read(file, {**SETTINGS, "weights": "other"}, FEATURES) is None
    assert read(file, SETTINGS, FEATURES + 1) is None
    assert read(tmp_path / "gone", SETTINGS, FEATURES) is None
    assert read(tmp_path, SETTINGS, FEATURES) is None
    os.mkfifo(tmp_path / "pipe")
    assert read(tmp_path / "pipe", SETTINGS, FEATURES) is None


def test_a_torn_file_is_nothing(file: Path) -> None:
    content = file.read_bytes()
    for size in (0, 5, 100, len(content) // 2, len(content) - 1):
        file.write_bytes(content[:size])
        assert read(file, SETTINGS, FEATURES) is None
    file.write_bytes(content + b"x")
    assert read(file, SETTINGS, FEATURES) is None


@pytest.mark.parametrize("count", [-1, 2**62, 10**400, "3", None, 1.5, [1]])
def test_a_header_that_lies_is_nothing(file: Path, count: object) -> None:
    content = file.read_bytes()
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    for name in ("sizes", "names"):
        lie = json.loads(json.dumps(header))
        lie[name]["shape"] = [count]
        text = json.dumps(lie).encode()
        file.write_bytes(len(text).to_bytes(8, "little") + text + content[8 + length :])
        assert read(file, SETTINGS, FEATURES) is None
    for text in (b"[" * 60_000, b"null", b"{}", b"\xff"):
        file.write_bytes(len(text).to_bytes(8, "little") + text)
        assert read(file, SETTINGS, FEATURES) is None


@pytest.mark.parametrize("starts", [[0, 9, 5, 3], [1, 2, 3, 4], [0, 1, 2, 2**60]])
def test_names_that_end_elsewhere_are_nothing(file: Path, starts: list[int]) -> None:
    content = bytearray(file.read_bytes())
    place = 8 + int.from_bytes(content[:8], "little") + 2 * 3 * 8
    content[place : place + 32] = np.array(starts, "<i8").tobytes()
    file.write_bytes(content)
    assert read(file, SETTINGS, FEATURES) is None


def test_numbers_that_are_not_finite_are_nothing(tmp_path: Path) -> None:
    vectors, fingerprints = arrays()
    vectors[2, 3] = np.nan
    write(tmp_path / "v", NAMES, STAMPS, vectors, fingerprints, SETTINGS, FEATURES)
    assert read(tmp_path / "v", SETTINGS, FEATURES) is None


def test_what_is_mapped_stays_when_the_file_is_replaced(file: Path, tmp_path: Path) -> None:
    stored = read(file, SETTINGS, FEATURES)
    assert stored is not None
    write(tmp_path / "new", [], [], [], [], SETTINGS, FEATURES)
    os.replace(tmp_path / "new", file)
    np.testing.assert_array_equal(stored.vectors, arrays()[0])


def test_ends_of_names_that_go_round_are_nothing(file: Path) -> None:
    """Differences of 64 bits wrap: then names would lie in each other, and few bytes be very many."""
    starts = np.array([0, 5, 5 + len("b/?.jpg")], "<i8").tobytes()
    assert starts in file.read_bytes()
    turned = np.array([0, 1 << 62, -(1 << 62) - 1], "<i8").tobytes()
    file.write_bytes(file.read_bytes().replace(starts, turned))
    assert read(file, SETTINGS, FEATURES) is None
