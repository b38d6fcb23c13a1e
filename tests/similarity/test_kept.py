"""Kept vectors: computed once, again for photos that changed, in the folder or else in the cache."""

import os
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from inception_hub.errors import OutputError
from inception_hub.images.find import Unread, find_images
from inception_hub.images.fingerprint import SIDE
from inception_hub.inference.pipeline import Result
from inception_hub.inference.row import Row
from inception_hub.similarity import kept
from inception_hub.similarity.kept import NAME, Collection, cache_of, renewed

SETTINGS, FEATURES = {"module": "small"}, 4


class Photos:
    """Files in a folder, whose content is their vector; `asked`: the names computed since it was emptied."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.asked: list[str] = []
        self.most = 1000

    def put(self, name: str, value: int | None) -> None:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("" if value is None else str(value))

    def compute(self, paths: Sequence[str]) -> Iterator[Result]:
        for path in paths[: self.most]:
            self.asked.append(os.path.relpath(path, self.folder))
            content = Path(path).read_text()
            if not content:
                yield Result(Row(path, "small", error=f"{path} is damaged."))
                continue
            vector = np.full(FEATURES, float(content), np.float32)
            fingerprint = np.full((SIDE, SIDE), int(content), np.uint8)
            yield Result(Row(path, "small", vector=vector), fingerprint=fingerprint)

    def renewed(self, settings: dict[str, str] = SETTINGS, folder: bool = True) -> Collection:
        self.asked = []
        paths = sorted(str(each) for each in self.folder.rglob("*.jpg"))
        return renewed(str(self.folder) if folder else None, paths, settings, FEATURES, self.compute)


@pytest.fixture
def photos(tmp_path: Path) -> Photos:
    photos = Photos(tmp_path / "photos")
    for number in range(3):
        photos.put(f"{number}.jpg", number + 1)
    photos.put("below/3.jpg", 4)
    return photos


def values(collection: Collection) -> dict[str, float]:
    assert collection.fingerprints is not None
    assert (collection.fingerprints[:, 0, 0] == collection.vectors[:, 0]).all()
    names = [os.path.basename(path) for path in collection.paths]
    return dict(zip(names, collection.vectors[:, 0].tolist(), strict=True))


ALL = {"0.jpg": 1.0, "1.jpg": 2.0, "2.jpg": 3.0, "3.jpg": 4.0}


def test_they_are_computed_once(photos: Photos) -> None:
    assert values(photos.renewed()) == ALL and len(photos.asked) == 4
    before = (photos.folder / NAME).stat()
    assert values(photos.renewed()) == ALL and photos.asked == []
    after = (photos.folder / NAME).stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns), (
        "nothing is written again"
    )


def test_only_changed_and_new_photos_are_computed_again(photos: Photos) -> None:
    photos.renewed()
    photos.put("1.jpg", 22)
    photos.put("new.jpg", 9)
    (photos.folder / "0.jpg").unlink()
    assert values(photos.renewed()) == {"1.jpg": 22.0, "2.jpg": 3.0, "3.jpg": 4.0, "new.jpg": 9.0}
    assert sorted(photos.asked) == ["1.jpg", "new.jpg"]
    assert len(photos.renewed().paths) == 4 and photos.asked == []


def test_a_photo_that_is_gone_takes_its_vector_along(photos: Photos) -> None:
    photos.renewed()
    (photos.folder / "1.jpg").unlink()
    assert values(photos.renewed()) == {name: value for name, value in ALL.items() if name != "1.jpg"}
    assert photos.asked == []


def test_a_photo_of_the_same_size_counts_as_changed_by_its_time(photos: Photos) -> None:
    photos.renewed()
    path = photos.folder / "2.jpg"
    status = path.stat()
    path.write_text("7")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    assert values(photos.renewed())["2.jpg"] == 7.0 and photos.asked == ["2.jpg"]


def test_other_settings_compute_all_again(photos: Photos) -> None:
    photos.renewed()
    photos.renewed({"module": "other"})
    assert len(photos.asked) == 4
    photos.renewed()
    assert len(photos.asked) == 4, "the file is that of the last module"


def test_photos_that_cannot_be_read_are_tried_each_time(photos: Photos) -> None:
    photos.put("1.jpg", None)
    for _ in range(2):
        collection = photos.renewed()
        bad = str(photos.folder / "1.jpg")
        assert collection.failures == [(bad, f"{bad} is damaged.")] and len(collection.paths) == 3
    assert photos.asked == ["1.jpg"]


def test_a_run_that_is_stopped_keeps_what_it_has(photos: Photos) -> None:
    photos.most = 2
    collection = photos.renewed()
    assert collection.left and len(collection.paths) == 2
    photos.most = 1000
    collection = photos.renewed()
    assert not collection.left and values(collection) == ALL and len(photos.asked) == 2


def test_a_folder_may_be_moved(photos: Photos, tmp_path: Path) -> None:
    photos.renewed()
    photos.folder = photos.folder.rename(tmp_path / "moved")
    assert values(photos.renewed()) == ALL and photos.asked == []


def test_a_strangers_file_is_replaced(photos: Photos, tmp_path: Path) -> None:
    (tmp_path / "else").write_bytes(b"of somebody else")
    (photos.folder / NAME).symlink_to(tmp_path / "else")
    assert values(photos.renewed()) == ALL
    assert (tmp_path / "else").read_bytes() == b"of somebody else"
    assert values(photos.renewed()) == ALL and photos.asked == []


def test_the_file_is_no_photo_and_no_file_that_is_passed_over(photos: Photos) -> None:
    photos.renewed()
    unread = Unread()
    assert len(list(find_images([str(photos.folder)], unread))) == 4 and not unread
    assert NAME not in "".join(find_images([f"{photos.folder}/*.jpg"], unread)) and not unread


def test_a_folder_that_cannot_be_written_has_its_vectors_in_the_cache(
    photos: Photos, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_unwritable(photos.folder, monkeypatch)
    with pytest.warns(UserWarning, match=r"kept in .*vectors.*, for .* cannot be written \("):
        assert values(photos.renewed()) == ALL
    assert not (photos.folder / NAME).exists() and cache_of(str(photos.folder)).exists()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert values(photos.renewed()) == ALL and photos.asked == []


def test_without_a_cache_they_are_not_kept(photos: Photos, monkeypatch: pytest.MonkeyPatch) -> None:
    make_unwritable(photos.folder, monkeypatch)
    (photos.folder.parent / "file").touch()
    monkeypatch.setenv("INCEPTION_HUB_CACHE", str(photos.folder.parent / "file"))
    with pytest.warns(UserWarning, match="are not kept; the cache cannot be written either"):
        assert values(photos.renewed()) == ALL


def make_unwritable(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As for one who may not write there; root may, so that the file is refused instead."""
    original = kept.atomic_file

    def refused(path: Path):  # noqa: ANN202
        if path.parent == folder:
            raise PermissionError(13, "Permission denied")
        return original(path)

    monkeypatch.setattr(kept, "atomic_file", refused)


def test_photos_of_no_folder_are_not_kept(photos: Photos) -> None:
    for _ in range(2):
        assert values(photos.renewed(folder=False)) == ALL and len(photos.asked) == 4
    assert not list(photos.folder.glob(".*"))


def test_two_runs_at_once_leave_a_whole_file(photos: Photos) -> None:
    """The second begins and ends while the first computes."""
    first = Photos(photos.folder.parent / "none")
    inner = photos.compute

    def meanwhile(paths: Sequence[str]) -> Iterator[Result]:
        results = list(inner(paths))
        assert values(renewed(str(photos.folder), paths, SETTINGS, FEATURES, first.compute)) == ALL
        yield from results

    paths = sorted(str(each) for each in photos.folder.rglob("*.jpg"))
    assert values(renewed(str(photos.folder), paths, SETTINGS, FEATURES, meanwhile)) == ALL
    assert values(photos.renewed()) == ALL and photos.asked == []
    assert [each.name for each in photos.folder.glob(".*")] == [NAME]


def test_no_room_is_a_sentence(photos: Photos, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        def write(self, _: object) -> int:
            raise OSError(28, "No space left on device")

        def close(self) -> None:
            pass

    monkeypatch.setattr(kept.tempfile, "TemporaryFile", Full)
    with pytest.raises(OutputError, match=r"no room in .* \(No space left on device\); make room there, or"):
        photos.renewed()
