"""Mistakes of callers in Python, each a sentence of ours: wrong kinds of values, at every public function."""

import copy
import io
import math
import os
import pickle
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import inception_hub as hub
from inception_hub.errors import HandleError, InceptionHubError, InputError, TagsError
from inception_hub.labels import Labels

NO_PATHS = (None, 1, b"photos", ["photos"], math.nan)
NO_COUNTS = (1.5, "3", math.nan, [1], True)


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A photo in a folder of its own."""
    path = tmp_path_factory.mktemp("photos") / "photo.png"
    Image.new("RGB", (70, 60), "red").save(path)
    return path


class BytesPath(os.PathLike[bytes]):
    """A path as bytes, such as those of `os.scandir(b".")`."""

    def __fspath__(self) -> bytes:
        return b"photo.png"


def refused(call: Callable[[], object], said: str) -> None:
    """`call` raises an error of ours, of one sentence."""
    with pytest.raises(InceptionHubError, match=said) as raised:
        call()
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("given", NO_PATHS)
def test_what_is_no_path(given: Any, small_module: Path, photo: Path, tmp_path: Path) -> None:
    folder, module = photo.parent, hub.Module(small_module)
    calls: list[Callable[[], object]] = [
        lambda: hub.evaluate(module, given),
        lambda: hub.inspect(given, module),
        lambda: hub.organise(folder, given, module),
        lambda: hub.undo_organise(given),
        lambda: hub.finetune(given, tmp_path / "made", small_module),
        lambda: hub.finetune(folder, given, small_module),
        lambda: hub.train(given, folder, tmp_path / "made"),
        lambda: hub.quantize(small_module, given),
        lambda: hub.convert(small_module, given),
        lambda: hub.export(module, given, "onnx"),
        lambda: module.export(given),
        lambda: hub.Module.from_pretrained(given),
    ]
    for call in calls:
        refused(call, r"^A path is .+; give text or a pathlib\.Path")


def test_paths_of_bytes(module: hub.Module, tmp_path: Path) -> None:
    for call in (hub.classify, hub.embed, hub.find_duplicates):
        refused(lambda call=call: list(call(BytesPath(), module=module)), "^A path is b'photo.png'")
    refused(lambda: hub.organise(BytesPath(), tmp_path / "sorted", module), "^A path is b'photo.png'")


def test_an_empty_path_is_not_the_current_folder(
    small_module: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As of a variable of a script that is not set."""
    for name in "ab":
        (tmp_path / name).mkdir()
        Image.new("RGB", (70, 60), "red").save(tmp_path / name / "photo.png")
    monkeypatch.chdir(tmp_path)
    assert hub.evaluate(small_module, ".").photos == 2
    for call in (lambda: hub.evaluate(small_module, ""), lambda: hub.inspect("", small_module)):
        with pytest.raises(HandleError, match=r"^The data's path is empty; give .+ or '\.' for the current"):
            call()


@pytest.mark.parametrize("top", NO_COUNTS)
def test_how_many(top: Any, module: hub.Module, photo: Path) -> None:
    said = "^top is .+; give a whole number, 1 or more"
    refused(lambda: hub.classify(photo, module, top=top), said)
    refused(lambda: hub.explain(module, photo, top=top), said)
    refused(lambda: hub.similar(photo, photo, module=module, top=top), said)
    refused(lambda: hub.export(module, "made.onnx", "onnx", top=top), said)
    refused(lambda: hub.export(module, "made.onnx", "onnx", batch=top), "^batch is .+; give a whole number")
    refused(lambda: hub.bench(module, batch=[top]), "^batch is .+; give a whole number")
    refused(lambda: hub.Module(module.spec, cores=top), "^cores is .+; give a whole number, 1 or more")


def test_bounds_of_numbers(module: hub.Module, photo: Path) -> None:
    for cores in (0, -1):
        refused(
            lambda cores=cores: hub.Module(module.spec, cores=cores), f"^cores is {cores}; give 1 or more"
        )
    assert hub.Module(module.spec, cores=np.int64(1)).cores == 1  # type: ignore[arg-type]
    (row,) = hub.similar(photo, photo.parent, module=module, top=10**30)
    assert row.similar == ()
    for most in (None, "a", math.nan, 0):
        said = f"^max_pixels is {most!r}; give a number from 1 to 178,956,970"
        refused(lambda most=most: hub.classify(photo, module, max_pixels=most), said)  # type: ignore[arg-type]
        refused(lambda most=most: hub.load_images(photo, module, max_pixels=most), said)  # type: ignore[arg-type]
    for seconds in ("2", None, math.nan, 0):
        refused(
            lambda seconds=seconds: hub.bench(module, seconds=seconds), "^seconds is .+; give more than 0"
        )  # type: ignore[arg-type]
    for least in ("0.5", None, math.nan, 2):
        refused(
            lambda least=least: hub.organise(photo, "sorted", module, least=least), "^least is .+; give a"
        )  # type: ignore[arg-type]
    refused(lambda: hub.quantize("m", photo, max_drop="1"), "^max_drop is '1'; give a number")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "size",
    [64, (64,), (64, 64, 3), (64.0, 64.0), (0, 64), (-1, 5), (True, True), (None, None), (10**6, 10**6)],
)
def test_sizes(size: Any, module: hub.Module, photo: Path) -> None:
    said = "(module|size) is .+; give "
    refused(lambda: hub.load_images(photo, size), said)
    refused(lambda: hub.explain(module, photo, size=size), said)
    refused(lambda: hub.export(module, "made.onnx", "onnx", size=size), said)


@pytest.mark.parametrize("size", [[32, 48], np.array([32, 48]), (np.int64(32), 48)])
def test_sizes_of_any_kind(size: Any, module: hub.Module, photo: Path) -> None:
    assert hub.load_images(photo, size).shape == (1, 32, 48, 3)
    assert hub.explain(module, photo, size=size)[0][0].activation_map.shape == (1, 2)


@pytest.mark.parametrize("given", [None, 1, [], "tiny_imagenet"])
def test_what_is_no_module(given: Any, photo: Path) -> None:
    for call in (hub.get_expected_image_size, hub.get_num_image_channels):
        with pytest.raises(
            InputError, match="^module_or_spec is .+; give a Module, or what load_module_spec"
        ):
            call(given)
    refused(lambda: hub.load_images(photo, given), "^module is .+; give ")
    refused(lambda: hub.ModuleSpec(given), "^bundle is .+; make a ModuleSpec of a handle by load_module_spec")
    if not isinstance(given, str):
        refused(lambda: hub.export(given, "made.onnx", "onnx"), "^module is .+; give a handle, a path")
        refused(lambda: hub.push(given, "owner/name"), "^module is .+; give a handle, a path")


def test_how_a_module_is_made(spec: hub.ModuleSpec) -> None:
    for tags in (1, True, [[1]]):
        with pytest.raises(TagsError, match="^tags is .+; give none for inference or {'train'}"):
            hub.Module(spec, tags=tags)  # type: ignore[arg-type]
    refused(lambda: hub.Module(spec, device=[]), r"^device is \[\]; give text such as 'cuda'")  # type: ignore[arg-type]
    for trainable in ("no", [True], 2):
        refused(lambda t=trainable: hub.Module(spec, t), "^trainable is .+; give True or False")
    assert hub.Module(spec, np.True_).trainable is True  # type: ignore[arg-type]


def test_how_a_module_is_called(module: hub.Module) -> None:
    images = np.zeros((1, 64, 64, 3), np.float32)
    for signature in ("", [], 0):
        refused(lambda s=signature: module(images, signature=s), "^Signature .+ is missing from the module")
    endpoint = "InceptionV2/Mixed_5c"
    for names in (endpoint, iter([endpoint])):
        assert list(module.endpoints(images, names)) == [endpoint]
    for wrong in (None, 1, "Mixed_5c"):
        refused(lambda w=wrong: module.endpoints(images, w), f"^There is no endpoint {wrong!r}; give some of")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        refused(lambda: module(np.full(images.shape, 1e300)), "not finite")


def test_a_module_is_sent_by_its_spec(module: hub.Module, photo: Path) -> None:
    for call in (pickle.dumps, copy.deepcopy):
        for given in (module, hub.classify(photo, module)):
            refused(
                lambda call=call, given=given: call(given), "^A module on OpenVINO can be neither pickled"
            )
    images = np.zeros((1, 64, 64, 3), np.float32)
    sent = hub.Module(pickle.loads(pickle.dumps(module.spec)))
    for same in (sent, copy.copy(module)):
        assert np.array_equal(same(images), module(images))


def test_nothing_to_search_in(module: hub.Module, photo: Path) -> None:
    for nothing in ([], iter(())):
        refused(
            lambda n=nothing: hub.find_duplicates(n, module=module), "^There is no photo to search in; give"
        )
        refused(
            lambda n=nothing: hub.similar(photo, n, module=module), "^There is no photo to search in; give"
        )


def test_photos_in_other_forms(module: hub.Module, photo: Path) -> None:
    content = photo.read_bytes()
    for other in (bytearray(content), memoryview(content)):
        refused(
            lambda o=other: list(hub.classify(o, module)), f"^images holds a {type(other).__name__}; give"
        )
    with open(photo, encoding="latin-1") as text:
        (row,) = hub.classify(text, module)
    assert row.error is not None and 'is a file opened as text; open it by open(path, "rb")' in row.error
    closed = io.BytesIO(content)
    closed.close()
    (row,) = hub.classify(closed, module)
    assert row.error is not None and "is a closed file; give it while it is open" in row.error
    (row,) = hub.classify(np.array([str(photo)]), module)
    assert type(row.path) is str


def test_labels(spec: hub.ModuleSpec) -> None:
    for index in ("a", 1.0, None):
        with pytest.raises(
            InputError, match=r"^labels\[\.\.\.\] takes one index or a slice, not .+labels.index"
        ):
            _ = spec.labels[index]  # type: ignore[call-overload]
    refused(lambda: Labels((1,), (None,)), "^The name of class 0 is 1; give text")  # type: ignore[arg-type]
    refused(lambda: Labels(None, None), "^names and wordnet_ids are to be tuples")  # type: ignore[arg-type]
    refused(lambda: Labels.from_text(None), "^text is None; give a string")  # type: ignore[arg-type]
    refused(lambda: Labels.read(None), "^A path is None")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (dict(epochs=1.5), "^epochs is 1.5; give a whole number"),
        (dict(epochs="2"), "^epochs is '2'; give a number from 1"),
        (dict(learning_rate=None), "^learning_rate is None; give a number"),
        (dict(average=None), "^average is None; give a number"),
        (dict(patience=1.5), "^patience is 1.5; give a whole number"),
        (dict(image_size=(64, 64)), r"^image_size is \(64, 64\); give 32 px or more"),
        (dict(training_size=64.5), "^training_size is 64.5; give 32 px or more"),
        (dict(batch_norm_momentum="a"), "^batch_norm_momentum is 'a'; give a number from 0 to 1"),
        (dict(teacher=1), "^teacher is of type int; give handles or paths"),
        (dict(teacher="m", teacher_share="a"), "^The teachers' share is 'a'; give a number in"),
        (dict(teacher="m", temperature="a"), "^The temperature is 'a'; give a finite number"),
        (dict(seed=-1), "^seed is -1; give 0 or more"),
        (dict(seed="a"), "^seed is 'a'; give a whole number, 0 or more"),
    ],
)
def test_training(options: Any, said: str, small_module: Path, photo: Path, tmp_path: Path) -> None:
    refused(lambda: hub.finetune(photo.parent, tmp_path / "made", small_module, **options), said)
