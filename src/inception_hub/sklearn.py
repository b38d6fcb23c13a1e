"""scikit-learn estimators of photos: feature vectors, and classes learned from them.

Photos are a list, array or pandas Series of paths, bytes or PIL images, which scikit-learn can cut into
folds, one alone of these, or floats [n, height, width, 3] in [0, 1]. An estimator's pickle holds the module's
handle and what its weights are known by, never weights: where the handle leads to others, using it is an
error.
"""

import os
from collections.abc import Collection, Iterator
from functools import lru_cache
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Image

from .calibration import chance, check_coverage
from .calibration.conformal import cut, enough, scores
from .engines import EngineName, PrecisionChoice
from .errors import ArgumentError, ImageError, InputError
from .images.given import is_one
from .images.loading import load_images
from .inference.decoding import Photo
from .inference.options import Options
from .inference.pipeline import BATCH_SIZE, infer
from .inference.predictions import check_finite
from .module import Module
from .system.extras import missing
from .weights import identity

try:
    from sklearn.base import BaseEstimator, ClassifierMixin, ClassNamePrefixFeaturesOutMixin, TransformerMixin
    from sklearn.linear_model import LogisticRegression
    from sklearn.utils import Tags
    from sklearn.utils.validation import check_is_fitted
except ImportError as error:
    raise missing(f"These estimators need {error.name}", "sklearn") from error

FEATURES = "image_feature_vector"
UNCALIBRATED = "This %(name)s is not calibrated; call calibrate with photos that fit has not seen."


class _OfPhotos(BaseEstimator):
    """What both have: the module by its handle, opened when first needed and again after unpickling."""

    def __init__(
        self,
        module: str = "tiny_imagenet",
        *,
        precision: PrecisionChoice = "f32",
        engine: EngineName | None = None,
        device: str | None = None,
    ) -> None:
        self.module = module
        self.precision = precision
        self.engine = engine
        self.device = device

    def _opened(self) -> Module:
        """The module; raises `ArgumentError` if its weights are not those this was fitted with."""
        module = _module(_handle(self.module), self.precision, self.engine, self.device)
        known = getattr(self, "weights_identity_", None)
        if known is not None and known != identity(module.spec.bundle.weights):
            raise ArgumentError(
                f"{self.module} leads to other weights than this {type(self).__name__} was fitted with; "
                "restore them, set module= to where they are, or fit it again."
            )
        return module

    def _know(self) -> Module:
        """The module, whose weights are those to be used from here on."""
        module = _module(_handle(self.module), self.precision, self.engine, self.device)
        self.weights_identity_ = identity(module.spec.bundle.weights)
        return module

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.string = True
        return tags


class FeatureVectors(ClassNamePrefixFeaturesOutMixin, TransformerMixin, _OfPhotos):
    """Photos to feature vectors, float32 [n, 1024]: what `inception-hub embed` writes.

    `module`: a handle (see `Module`); `precision`, `engine`, `device` as for `Module`. There is nothing to
    fit: `fit` only notes which weights the handle leads to (`weights_identity_`). A photo that cannot be read
    raises `ImageError`, which names it; other objects raise `InputError`.
    """

    def fit(self, X: Any, y: Any = None) -> Self:
        """Opens the module; `X` is not looked at."""
        self._know()
        return self

    def transform(self, X: Any) -> NDArray[np.float32]:
        """The vectors, in the order of `X`."""
        return _vectors(self._opened(), X)

    @property
    def _n_features_out(self) -> int:
        return self._opened().architecture.num_features

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        assert tags.transformer_tags is not None
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags

    def __sklearn_is_fitted__(self) -> bool:
        return True


class PhotoClassifier(ClassifierMixin, _OfPhotos):
    """Logistic regression on a module's feature vectors: classes of one's own from a few photos of each.

    `C`: the inverse of how strongly it is regularised, as in scikit-learn's `LogisticRegression`. The
    other parameters and errors are `FeatureVectors`'. After `fit`: `classes_`, sorted, and `head_`, the
    regression.
    """

    def __init__(
        self,
        module: str = "tiny_imagenet",
        *,
        C: float = 0.1,
        precision: PrecisionChoice = "f32",
        engine: EngineName | None = None,
        device: str | None = None,
    ) -> None:
        super().__init__(module, precision=precision, engine=engine, device=device)
        self.C = C

    def fit(self, X: Any, y: Any) -> Self:
        """Learns the classes `y` [n] of the photos `X`."""
        vectors = _vectors(self._know(), X)
        self.__dict__.pop("calibration_", None)
        self.head_ = LogisticRegression(C=self.C, max_iter=1000).fit(vectors, y)
        self.classes_ = self.head_.classes_
        return self

    def decision_function(self, X: Any) -> NDArray[np.floating]:
        """Scores [n, classes], or [n] where there are two classes."""
        check_is_fitted(self)
        return self.head_.decision_function(_vectors(self._opened(), X))

    def predict_proba(self, X: Any) -> NDArray[np.floating]:
        """Probabilities [n, classes], in the order of `classes_`."""
        check_is_fitted(self)
        return self.head_.predict_proba(_vectors(self._opened(), X))

    def predict(self, X: Any) -> NDArray[Any]:
        """The most likely of `classes_` [n]."""
        check_is_fitted(self)
        return self.head_.predict(_vectors(self._opened(), X))

    def calibrate(self, X: Any, y: Any) -> Self:
        """Measures how often it is wrong on photos `X` of classes `y` [n] that `fit` has not seen.

        `predict_set` needs it; `fit` forgets it. Raises `ArgumentError` for a class that `fit` has not seen.
        """
        check_is_fitted(self)
        known = {name: index for index, name in enumerate(self.classes_.tolist())}
        names = np.asarray(y).tolist()
        if np.ndim(y) != 1:
            raise ArgumentError(f"y is {type(y).__name__} {list(np.shape(y))}; give one class a photo.")
        if unseen := [name for name in names if name not in known]:
            raise ArgumentError(
                f"y holds {unseen[0]!r}, which `fit` has not seen; leave it out, or fit anew."
            )
        places = np.array([known[name] for name in names], np.int64)
        measured, _ = self._scores(X)
        if len(measured) != len(places):
            raise ArgumentError(
                f"X holds {len(measured)} photos and y {len(places)} classes; give one for each."
            )
        self.calibration_ = measured[np.arange(len(measured)), places]
        return self

    def predict_set(self, X: Any, coverage: float = 0.95) -> NDArray[np.bool_]:
        """bool [n, classes], in the order of `classes_`: of each photo the classes that it may be.

        They hold the right class of a share `coverage` of photos like those of `calibrate`: of the average
        photo, not of each. Raises `ArgumentError` for a coverage not between 0 and 1, or of which more photos
        are needed.
        """
        check_is_fitted(self)
        check_is_fitted(self, "calibration_", msg=UNCALIBRATED)
        low, high, share = cut(enough(self.calibration_, check_coverage(coverage)), coverage)
        measured, between = self._scores(X)
        return measured <= np.where(between < share, high, low)[:, None]

    def _scores(self, X: Any) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
        """The score of each class of each photo, and of each photo the number that parts two cuts."""
        module, vectors, chances = self._opened(), [], []
        for images in _batches(module, X):
            vectors.append(module(images, signature=FEATURES))
            chances += [chance(image) for image in images]
        parts = np.array(chances)
        return scores(self.head_.predict_proba(np.concatenate(vectors)), parts[:, 0]), parts[:, 1]


def _handle(module: Any) -> str:
    """The handle `module`, by which dumps find it; raises `InputError` for anything else, also a `Module`."""
    if not isinstance(module, str | os.PathLike):
        raise InputError(
            f"module is of type {type(module).__name__}; give its handle or path, by which dumps find it."
        )
    return str(module)


@lru_cache(maxsize=4)  # clones of a grid search share it
def _module(handle: str, precision: PrecisionChoice, engine: EngineName | None, device: str | None) -> Module:
    return Module(handle, precision=precision, engine=engine, device=device)


def _batches(module: Module, photos: Any) -> Iterator[NDArray[np.float32]]:
    """`photos` as the module takes them, a few at a time."""
    photos, dimensions = _several(photos)
    for start in range(0, len(photos), BATCH_SIZE):
        part = photos[start : start + BATCH_SIZE]
        yield np.asarray(part) if dimensions == 4 else load_images(list(part), module)


def _several(photos: Any) -> tuple[Any, int]:
    """`photos` as a collection of one or more, and the array's dimensions; raises for anything else."""
    dimensions = getattr(photos, "ndim", 1)
    if is_one(photos) or isinstance(photos, Image):
        photos = [photos]
    if not isinstance(photos, Collection) or dimensions not in (1, 4):
        raise InputError(
            f"X is {type(photos).__name__} {list(getattr(photos, 'shape', []))}; give a list or a column of "
            "paths, bytes or PIL images, or floats [n, height, width, 3] in [0, 1]."
        )
    if len(photos) == 0:
        raise ArgumentError("X holds no photos; give one or more.")
    return photos, dimensions


def _vectors(module: Module, photos: Any) -> NDArray[np.float32]:
    photos, dimensions = _several(photos)
    if dimensions == 4:
        images = np.asarray(photos)
        batches = (images[i : i + BATCH_SIZE] for i in range(0, len(images), BATCH_SIZE))
        name, precision = module.spec.bundle.name, module.precision
        vectors = [module(batch, signature=FEATURES) for batch in batches]
        return check_finite(np.concatenate(vectors), name, precision)
    vectors = np.empty((len(photos), module.architecture.num_features), np.float32)
    each = (Photo(f"X[{number}]", photo) for number, photo in enumerate(photos))
    for number, result in enumerate(infer(module, each, Options("vector"))):
        if result.row.vector is None:
            raise ImageError(result.row.error)
        vectors[number] = result.row.vector
    return vectors
