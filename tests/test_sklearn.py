"""The scikit-learn estimators: their answers, their pickles, and scikit-learn's own checks of them."""

import pickle
import shutil
import subprocess
import sys
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from helpers.cases import images_from_seed
from PIL import Image
from sklearn import base
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import check_estimator
from sklearn.utils.validation import check_is_fitted, validate_data

import inception_hub as hub
from inception_hub import bundle
from inception_hub.errors import ArgumentError, ImageError, InputError
from inception_hub.inference.decoding import Photo
from inception_hub.inference.options import Options
from inception_hub.inference.pipeline import infer
from inception_hub.sklearn import FeatureVectors, PhotoClassifier, _module


@pytest.fixture(autouse=True)
def _no_module_of_another_test() -> Iterator[None]:
    yield
    _module.cache_clear()


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Eighteen photos, bright ones first."""
    folder = tmp_path_factory.mktemp("photos")
    for number in range(18):
        pixels = images_from_seed((50, 60, 3), number) * (255 if number < 9 else 90)
        Image.fromarray(pixels.astype(np.uint8)).save(folder / f"{number:02}.png")
    return [str(path) for path in sorted(folder.iterdir())]


CLASSES = ["bright"] * 9 + ["dark"] * 9


def test_vectors_are_the_pipelines_to_the_bit(small_module: Path, photos: list[str]) -> None:
    found = FeatureVectors(str(small_module)).fit_transform(photos)
    rows = [
        answer.row
        for answer in infer(hub.Module(small_module), [Photo(p, p) for p in photos], Options(kind="vector"))
    ]
    assert found.dtype == np.float32 and found.shape == (18, 256)
    assert np.array_equal(found, np.stack([row.vector for row in rows if row.vector is not None]))


def test_photos_in_every_form(small_module: Path, photos: list[str]) -> None:
    transformer = FeatureVectors(str(small_module))
    expected = transformer.transform(photos)
    forms: list[Any] = [
        np.array(photos),
        np.array(photos, object),
        pd.Series(photos, index=range(100, 118)),
        [Path(photo) for photo in photos],
        [Path(photo).read_bytes() for photo in photos],
        [Image.open(photo) for photo in photos],
        hub.load_images(photos, hub.Module(small_module)),
    ]
    for form in forms:
        assert np.allclose(transformer.transform(form), expected, rtol=1e-5, atol=1e-6)


def test_columns_have_names(small_module: Path, photos: list[str]) -> None:
    transformer = FeatureVectors(str(small_module)).set_output(transform="pandas")
    table = transformer.fit_transform(pd.Series(photos[:3], index=[7, 8, 9]))
    assert list(table.columns[:2]) == ["featurevectors0", "featurevectors1"] and table.shape == (3, 256)
    assert list(table.columns) == list(transformer.get_feature_names_out())


def test_learns_classes(small_module: Path, photos: list[str]) -> None:
    classifier = PhotoClassifier(str(small_module)).fit(photos, CLASSES)
    assert classifier.classes_.tolist() == ["bright", "dark"]
    assert classifier.predict(photos).tolist() == CLASSES and classifier.score(photos, CLASSES) == 1
    assert np.allclose(classifier.predict_proba(photos).sum(1), 1)
    assert ((classifier.decision_function(photos) > 0) == (np.array(CLASSES) == "dark")).all()


def test_in_a_grid_search_with_processes_and_memory(
    small_module: Path, photos: list[str], tmp_path: Path
) -> None:
    chain = make_pipeline(
        FeatureVectors(str(small_module)), LogisticRegression(max_iter=1000), memory=str(tmp_path / "memory")
    )
    search = GridSearchCV(chain, {"logisticregression__C": [0.1, 1.0]}, cv=3, n_jobs=2).fit(photos, CLASSES)
    assert search.best_score_ == 1 and search.predict(photos).tolist() == CLASSES
    search = GridSearchCV(PhotoClassifier(str(small_module)), {"C": [0.1, 1.0]}, cv=3).fit(photos, CLASSES)
    assert search.best_score_ == 1
    assert (
        cross_val_score(PhotoClassifier(str(small_module)), np.array(photos), CLASSES, cv=3).tolist()
        == [1] * 3
    )


@pytest.mark.parametrize("kind", [FeatureVectors, PhotoClassifier])
def test_dumps_refer_to_the_module(kind: Any, small_module: Path, photos: list[str], tmp_path: Path) -> None:
    estimator = kind(str(small_module)).fit(photos, CLASSES)
    joblib.dump(estimator, tmp_path / "dump")
    assert (tmp_path / "dump").stat().st_size < 6_000
    program = (
        "import joblib, sys; e = joblib.load(sys.argv[1]); "
        "print(getattr(e, 'predict_proba', getattr(e, 'transform', None))(sys.argv[2:]).sum().item())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, tmp_path / "dump", *photos], capture_output=True, text=True
    )
    answer = getattr(estimator, "predict_proba", getattr(estimator, "transform", None))
    assert answer is not None
    assert float(done.stdout) == pytest.approx(float(answer(photos).sum()), rel=1e-6)


def test_other_weights_under_the_same_handle(small_module: Path, photos: list[str], tmp_path: Path) -> None:
    shutil.copytree(small_module, tmp_path / "module")
    dump = pickle.dumps(PhotoClassifier(str(tmp_path / "module")).fit(photos, CLASSES))
    shutil.rmtree(tmp_path / "module")
    made = bundle.read(small_module)
    weights = {name: array * np.float32(0.9) for name, array in made.weights.items()}
    bundle.write(replace(made, weights=weights), tmp_path / "module")
    _module.cache_clear()  # as another process
    loaded = pickle.loads(dump)
    with pytest.raises(
        ArgumentError, match="module leads to other weights than this PhotoClassifier was fitted"
    ):
        loaded.predict(photos)
    loaded.set_params(module=str(small_module))
    assert loaded.predict(photos).tolist() == CLASSES


def test_one_photo_is_a_row(small_module: Path, photos: list[str]) -> None:
    transformer = FeatureVectors(str(small_module))
    expected = transformer.transform(photos[:1])
    for one in (photos[0], Path(photos[0]), Path(photos[0]).read_bytes(), Image.open(photos[0])):
        assert np.array_equal(transformer.transform(one), expected)


def test_what_is_no_photo(small_module: Path, photos: list[str], tmp_path: Path) -> None:
    transformer = FeatureVectors(str(small_module))
    (tmp_path / "bad.jpg").write_bytes(b"no photo")
    with pytest.raises(ImageError, match="bad.jpg is no readable image"):
        transformer.transform([*photos, tmp_path / "bad.jpg"])
    with pytest.raises(ArgumentError, match="X holds no photos"):
        transformer.transform([])
    for wrong in (None, iter(photos), np.zeros((3, 4)), pd.DataFrame({"x": photos})):
        with pytest.raises(InputError, match="give a list or a column of paths, bytes or PIL images"):
            transformer.transform(wrong)
    with pytest.raises(InputError):
        transformer.transform([3.5])


def images(rows: np.ndarray) -> np.ndarray:
    """A small picture for each of `rows`, so that scikit-learn's tables are photos."""
    shares = 1 / (1 + np.exp(-rows.astype(float)))
    return np.stack([np.resize(np.repeat(row, 8), (32, 32, 3)) for row in shares]).astype(np.float32)


class OfTables:
    """Takes tables of numbers, as scikit-learn's checks give them, where photos are expected."""

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()  # type: ignore[misc]
        tags.input_tags.two_d_array, tags.input_tags.string = True, False
        return tags

    def _images(self, X: Any) -> np.ndarray:
        check_is_fitted(self)
        return images(validate_data(self, X, reset=False))


class TableVectors(OfTables, FeatureVectors):
    def fit(self, X: Any, y: Any = None) -> Any:
        return super().fit(validate_data(self, X))

    def transform(self, X: Any) -> Any:
        return super().transform(self._images(X))


class TableClassifier(OfTables, PhotoClassifier):
    def fit(self, X: Any, y: Any) -> Any:
        X, y = validate_data(self, X, y)
        return super().fit(images(X), y)

    def decision_function(self, X: Any) -> Any:
        return super().decision_function(self._images(X))

    def predict_proba(self, X: Any) -> Any:
        return super().predict_proba(self._images(X))

    def predict(self, X: Any) -> Any:
        return super().predict(self._images(X))


@pytest.mark.parametrize("kind", [TableVectors, pytest.param(TableClassifier, marks=pytest.mark.slow)])
def test_scikit_learns_own_checks(kind: Any, small_module: Path) -> None:
    """All of them, on photos made of their tables; by themselves they pass what takes no tables."""
    weak = {"C": 10} if kind is TableClassifier else {}  # random weights: little to tell the classes by
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results = check_estimator(kind(str(small_module), **weak), on_skip=None, on_fail=None)
    assert [result for result in results if result["status"] not in ("passed", "skipped")] == []
    assert {r["check_name"] for r in results if r["status"] == "skipped"} <= {"check_array_api_input"}
    assert len(results) > 40


@pytest.mark.parametrize("kind", [FeatureVectors, PhotoClassifier])
def test_clones_and_parameters(kind: Any, small_module: Path) -> None:
    estimator = kind(small_module, precision="bf16")
    copy = base.clone(estimator)
    assert copy is not estimator and copy.get_params() == estimator.get_params()
    assert copy.get_params()["module"] == small_module
    assert repr(kind()) == f"{kind.__name__}()"


def test_the_regression_is_as_strong_as_asked(small_module: Path, photos: list[str]) -> None:
    strong, weak = (PhotoClassifier(str(small_module), C=c).fit(photos, CLASSES) for c in (0.001, 10.0))
    assert (strong.head_.C, weak.head_.C) == (0.001, 10.0)
    assert np.abs(strong.head_.coef_).sum() < np.abs(weak.head_.coef_).sum()
