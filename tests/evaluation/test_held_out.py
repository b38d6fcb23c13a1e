"""What is computed for photos to calibrate on, and which of too many are taken."""

import numpy as np
import pytest
from helpers.dataset_photos import png, split_of

import inception_hub as hub
from inception_hub.calibration import chance
from inception_hub.data import Dataset
from inception_hub.errors import ArgumentError
from inception_hub.evaluation import held_out
from inception_hub.evaluation.held_out import calibration_of, few_of_each, halves, outputs_of
from inception_hub.inference.decoding import Photo
from inception_hub.inference.options import Options
from inception_hub.inference.pipeline import infer
from inception_hub.labels import Labels


def test_outputs_are_those_of_classify_and_embed(module: hub.Module) -> None:
    contents = [png(i, (70, 50)) for i in range(5)]
    unreadable: list[str] = []
    split = split_of([*contents[:2], b"no photo", *contents[2:]], [0, 1, 0, 1, 0, 1])
    found = outputs_of(module, split, np.array([7, 3]), unreadable)
    assert len(unreadable) == 1 and unreadable[0].startswith("2.png: ")
    assert found.classes.tolist() == [7, 3, 3, 7, 3]
    images = hub.load_images(contents, module)
    assert found.chances.tolist() == [list(chance(image)) for image in images]
    np.testing.assert_allclose(found.logits, module(images), rtol=1e-5, atol=1e-6)
    vectors = infer(module, [Photo("", content) for content in contents], Options("vector"))
    np.testing.assert_allclose(found.features, [v.row.vector for v in vectors], rtol=1e-5, atol=1e-6)


def test_no_photo_that_can_be_read(module: hub.Module) -> None:
    with pytest.raises(ArgumentError, match="None of the 2 photos to calibrate on can be read; give intact"):
        outputs_of(module, split_of([b"a", b"b"], [0, 1]), np.arange(2), [])


def test_a_few_of_each_class_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held_out, "LEARNED", 12)
    monkeypatch.setattr(held_out, "OF_EACH", 3)
    classes = [0] * 50 + [1] * 2 + [2] * 30 + [5] * 7
    split = split_of([b""] * len(classes), classes)
    chosen = few_of_each(split)
    assert np.bincount(chosen.classes).tolist() == [4, 2, 3, 0, 0, 3] or len(chosen) == 12
    assert np.bincount(chosen.classes)[1] == 2 and np.bincount(chosen.classes).max() <= 4
    assert len(set(chosen.rows.tolist())) == 12 and sorted(chosen.rows) == chosen.rows.tolist()
    assert few_of_each(split_of([b""] * 12, [0] * 12)).rows.tolist() == list(range(12))


def test_halves_share_no_photo_and_every_class() -> None:
    split = split_of([b""] * 21, [i % 3 for i in range(21)])
    first, second = halves(split)
    assert sorted([*first.rows.tolist(), *second.rows.tolist()]) == list(range(21))
    for index in range(3):
        assert abs((first.classes == index).sum() - (second.classes == index).sum()) <= 1
    assert first.rows.tolist() != list(range(11))


def test_of_too_many_held_out_photos_some_are_taken(
    module: hub.Module, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held_out, "MOST_HELD_OUT", 5)
    labels = Labels(tuple("ab"), (None, None))
    train, validation = (split_of([png(start + i) for i in range(8)], [0, 1] * 4) for start in (0, 8))
    seen: list[tuple[int, int]] = []
    calibration = calibration_of(
        module,
        Dataset("data", labels, {"train": train, "validation": validation}),
        train,
        validation,
        [],
        lambda done, total: seen.append((done, total)),
    )
    assert len(calibration.scores) == 5 and set(calibration.classes.tolist()) <= {0, 1}
    assert len(calibration.novelty.means) == 2
    assert seen == [(8, 13), (13, 13)]
