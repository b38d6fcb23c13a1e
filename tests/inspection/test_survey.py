"""One look at all photos: vectors as `embed` computes them, in order, unreadable ones left out."""

from pathlib import Path

import numpy as np
import pytest
from helpers.dataset_photos import png, split_of

import inception_hub as hub
from inception_hub.architecture import GLOBAL_POOL
from inception_hub.data import Dataset
from inception_hub.errors import ArgumentError
from inception_hub.images.fingerprint import fingerprint
from inception_hub.images.quality import quality
from inception_hub.inspection import survey as surveying
from inception_hub.inspection.survey import survey
from inception_hub.labels import Labels


@pytest.fixture(scope="module")
def module(small_module: Path) -> hub.Module:
    return hub.Module(small_module)


def photos() -> Dataset:
    """40 photos of two classes, in two splits; two of them cannot be read."""
    contents: list[bytes | None] = [png(seed, (80, 60 + seed)) for seed in range(40)]
    contents[3], contents[35] = None, b"no photo"
    train = split_of(contents[:34], [i % 2 for i in range(34)])
    validation = split_of(contents[34:], [1, 0, 1, 1, 0, 1], [f"held {i}.png" for i in range(6)])
    return Dataset("two", Labels(("a", "b"), (None, None)), {"train": train, "validation": validation})


def test_everything_is_of_the_readable_photos_in_order(module: hub.Module) -> None:
    progress: list[tuple[int, int]] = []
    seen = survey(photos(), module, on_progress=lambda done, total: progress.append((done, total)))
    assert len(seen) == 38 and progress[0] == (1, 40) and progress[-1] == (40, 40)
    assert seen.splits.tolist() == [0] * 33 + [1] * 5
    assert seen.indices.tolist() == [i for i in range(34) if i != 3] + [0, 2, 3, 4, 5]
    assert seen.classes.tolist() == [i % 2 for i in range(34) if i != 3] + [1, 1, 1, 0, 1]
    name, split, index = seen.place(34)
    assert (name, split.name(index)) == ("validation", "held 2.png")
    assert [(each.split, each.index) for each in seen.unreadable] == [("train", 3), ("validation", 1)]
    assert "cannot be read" in seen.unreadable[0].reason and "no readable image" in seen.unreadable[1].reason
    contents = [png(seed, (80, 60 + seed)) for seed in range(40) if seed not in (3, 35)]
    np.testing.assert_allclose(seen.vectors, hub.embed(contents, module).array, atol=1e-5)
    from inception_hub.images.decode import picture

    for row in (0, 37):
        image = picture(contents[row])
        assert np.array_equal(seen.fingerprints[row], fingerprint(image))
        assert seen.qualities[row].tolist() == pytest.approx(quality(image, image.size), nan_ok=True)


def test_many_photos_are_kept_in_files_and_are_the_same(
    module: hub.Module, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_memory = survey(photos(), module)
    monkeypatch.setattr(surveying, "IN_MEMORY", 1000)
    in_files = survey(photos(), module)
    assert isinstance(in_files.vectors, np.memmap) and isinstance(in_files.fingerprints, np.memmap)
    for name in ("vectors", "fingerprints", "qualities"):
        np.testing.assert_array_equal(getattr(in_files, name), getattr(in_memory, name))


def test_numbers_that_are_not_finite_leave_a_photo_out(
    module: hub.Module, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = module.endpoints

    def endpoints(images, names):
        outputs = {name: np.array(array) for name, array in real(images, names).items()}
        outputs[GLOBAL_POOL][0] = np.nan  # the first of each batch of 32
        return outputs

    monkeypatch.setattr(module, "endpoints", endpoints)
    seen = survey(photos(), module)
    assert len(seen) == 36 and len(seen.unreadable) == 4
    assert "not finite" in seen.unreadable[0].reason and seen.unreadable[0].index == 0


def test_no_readable_photo_is_an_error(module: hub.Module) -> None:
    dataset = Dataset("none", Labels(("a",), (None,)), {"train": split_of([None, b""], [0, 0])})
    with pytest.raises(ArgumentError, match="None of 2 photos of none can be read .*; give intact photos"):
        survey(dataset, module)
