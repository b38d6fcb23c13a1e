"""Many photos: in order, each once, one bad one costs itself, memory bounded."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from helpers.cases import images_from_seed
from PIL import Image

import inception_hub as hub
from inception_hub import bundle
from inception_hub.architecture import LOGITS_LAYER
from inception_hub.errors import ArgumentError
from inception_hub.inference.decoding import Photo
from inception_hub.inference.options import Options
from inception_hub.inference.pipeline import BATCH_SIZE, Timing, infer
from inception_hub.inference.predictions import probabilities


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("photos") / "photo.png"
    Image.fromarray((images_from_seed((70, 90, 3), 3) * 255).astype(np.uint8)).save(path)
    return path


def test_one_bad_photo_among_many(module: hub.Module, photo: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(photo.read_bytes()[:200])
    photos = [Photo(f"{i}", str(bad if i == 217 else photo)) for i in range(300)]
    rows = [answer.row for answer in infer(module, photos)]
    assert [row.path for row in rows] == [f"{i}" for i in range(300)]
    assert [row.path for row in rows if row.error is not None] == ["217"]
    assert "bad.jpg is damaged" in (rows[217].error or "")
    first = rows[0].predictions
    assert first is not None and len(first) == 5
    assert all(
        p.index == q.index
        for row in rows
        if row.predictions
        for p, q in zip(row.predictions, first, strict=True)
    )


def test_predictions_are_the_modules_own(module: hub.Module, photo: Path) -> None:
    images = hub.load_images([photo], module)
    predicted = module(images, as_dict=True)["InceptionV2/Predictions"][0]
    (answer,) = infer(module, [Photo("p", photo)], Options(top=3))
    assert answer.row.module == "small"
    assert answer.row.predictions is not None
    order = np.argsort(-predicted)[:3]
    assert [p.index for p in answer.row.predictions] == order.tolist()
    assert [p.label for p in answer.row.predictions] == ["abcdefghij"[i] for i in order]
    assert [p.probability for p in answer.row.predictions] == pytest.approx(
        predicted[order].tolist(), rel=1e-4
    )


def test_vectors_are_the_modules_own(module: hub.Module, photo: Path) -> None:
    (answer,) = infer(module, [Photo("p", photo)], Options(kind="vector"))
    expected = module(hub.load_images([photo], module), signature="image_feature_vector")[0]
    assert answer.row.vector is not None
    assert probabilities(np.float32([-3e38, 3e38])).tolist() == [0, 1]
    assert np.allclose(answer.row.vector, expected, rtol=1e-4, atol=1e-5)


def test_presets_and_thumbnails(module: hub.Module, photo: Path) -> None:
    found = [
        next(infer(module, [Photo("p", photo)], Options(resize=preset))).row.predictions
        for preset in ("default", "plain")
    ]  # type: ignore[arg-type]
    assert found[0] != found[1]
    (answer,) = infer(module, [Photo("p", photo)], Options(thumbnails=True))
    assert answer.thumbnail is not None and answer.thumbnail.shape == (70, 90, 3)
    (answer,) = infer(module, [Photo("p", photo)])
    assert answer.thumbnail is None


def test_photos_are_read_only_as_far_as_needed(module: hub.Module, photo: Path) -> None:
    taken = 0

    def endless() -> Iterator[Photo]:
        nonlocal taken
        while True:
            taken += 1
            yield Photo(str(taken), photo)

    stream = infer(module, endless())
    for _ in range(3 * BATCH_SIZE):
        next(stream)
    cores = module.cores
    assert taken <= (3 + cores + 1 + cores + 1) * BATCH_SIZE, "read, decoded ahead, computed ahead, one more"
    stream.close()  # type: ignore[attr-defined]


def test_one_batch_gets_all_cores_and_several_share_them(
    module: hub.Module, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared: list[bool] = []
    endpoints = module._engine.endpoints

    def kept(*arguments: Any, **options: Any) -> Any:
        shared.append(options["share_cores"])
        return endpoints(*arguments, **options)

    monkeypatch.setattr(module._engine, "endpoints", kept)
    for count, expected in ((BATCH_SIZE, [False]), (BATCH_SIZE + 1, [True, True]), (1, [False])):
        shared.clear()
        assert len(list(infer(module, [Photo(str(i), photo) for i in range(count)]))) == count
        assert shared == expected


def test_two_runs_over_one_module_leave_each_other_alone(module: hub.Module, photo: Path) -> None:
    many = infer(module, [Photo(str(number), photo) for number in range(4 * BATCH_SIZE)])
    first = next(many)
    (alone,) = infer(module, [Photo("alone", photo)])
    rest = list(many)
    assert alone.row.predictions == first.row.predictions
    assert [result.row.path for result in rest] == [str(n) for n in range(1, 4 * BATCH_SIZE)]


def test_answers_are_the_same_whoever_looks_on(module: hub.Module, tmp_path: Path) -> None:
    pixels = (images_from_seed((600, 800, 3), 8) * 255).astype(np.uint8)  # noise: a reduced one is another
    Image.fromarray(pixels).save(tmp_path / "large.jpg")
    photo = Photo("p", tmp_path / "large.jpg")
    (plain,) = infer(module, [photo], Options(kind="vector"))
    (shown,) = infer(module, [photo], Options(kind="vector", thumbnails=True))
    assert plain.row.vector is not None and np.array_equal(plain.row.vector, shown.row.vector)
    assert shown.thumbnail is not None and shown.thumbnail.shape == (240, 320, 3)


def test_what_cannot_be_asked(module: hub.Module, photo: Path, small_module: Path, tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="top is 0; give 1 or more"):
        next(infer(module, [Photo("p", photo)], Options(top=0)))
    bundle.write(bundle.read(small_module).without_head(), tmp_path / "features")
    features = hub.Module(tmp_path / "features")
    with pytest.raises(ArgumentError, match="small is a feature vector module and has no classes; use embed"):
        next(infer(features, [Photo("p", photo)]))
    assert next(infer(features, [Photo("p", photo)], Options(kind="vector"))).row.vector is not None


def test_answers_that_are_no_numbers_are_errors(small_module: Path, photo: Path, tmp_path: Path) -> None:
    made = bundle.read(small_module)
    name = f"{LOGITS_LAYER}/weights"
    huge = np.full_like(made.weights[name], 3e38)
    bundle.write(replace(made, weights={**made.weights, name: huge}), tmp_path / "huge")
    (answer,) = infer(hub.Module(tmp_path / "huge"), [Photo("p", photo)])
    assert "small computed numbers that are not finite" in (answer.row.error or "")
    (answer,) = infer(hub.Module(tmp_path / "huge"), [Photo("p", photo)], Options(kind="vector"))
    assert answer.row.vector is not None
    assert probabilities(np.float32([-3e38, 3e38])).tolist() == [0, 1]


def test_a_share_of_the_cores(module: hub.Module, photo: Path, small_module: Path) -> None:
    one = hub.Module(small_module, cores=1)
    photos = [Photo(str(i), photo) for i in range(3 * BATCH_SIZE)]
    found = [[answer.row.predictions for answer in infer(each, photos)] for each in (one, module)]
    assert found[0] == found[1]
    compiled = one._engine.compiled(64, 64, ("InceptionV2/Logits",), True)
    assert compiled.get_property("INFERENCE_NUM_THREADS") == 1
    assert not compiled.get_property("ENABLE_CPU_PINNING"), "several processes would share one core"


def test_the_time_waited_for_decoding_is_told(module: hub.Module, photo: Path) -> None:
    timing = Timing()
    assert len(list(infer(module, [Photo("p", photo)] * 9, timing=timing))) == 9
    assert 0 < timing.decoding < timing.seconds and timing.share == timing.decoding / timing.seconds


def test_batches_that_do_not_fit_lose_nothing(
    small_module: Path, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from inception_hub.engines.torch_inference import InferenceNetwork

    module = hub.Module(small_module, engine="torch", device="cpu")  # given a device, batches are large
    plain = InferenceNetwork._compute_on_device

    def small(
        self: InferenceNetwork, images: "torch.Tensor", names: tuple[str, ...]
    ) -> "dict[str, torch.Tensor]":
        if len(images) > 3:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return plain(self, images, names)

    photos = [Photo(str(i), photo) for i in range(30)]
    expected = [answer.row for answer in infer(module, photos)]
    monkeypatch.setattr(InferenceNetwork, "_compute_on_device", small)
    with pytest.warns(
        RuntimeWarning, match="30 images do not fit into the device's memory; continuing with 2"
    ):
        found = [answer.row for answer in infer(module, photos)]
    assert [row.path for row in found] == [row.path for row in expected] == [str(i) for i in range(30)]
    for row, other in zip(found, expected, strict=True):
        assert row.predictions is not None and other.predictions is not None
        assert [p.index for p in row.predictions] == [p.index for p in other.predictions]


def test_batches_keep_to_the_modules_memory(
    module: hub.Module, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    computed = module.endpoints

    def counted(images: Any, *arguments: Any, **options: Any) -> Any:
        sizes.append(len(images))
        return computed(images, *arguments, **options)

    monkeypatch.setattr(module, "endpoints", counted)
    monkeypatch.setattr(module, "images_at_once", 1)
    assert len(list(infer(module, [Photo("a", photo)] * 3))) == 3
    assert sizes == [1, 1, 1]
