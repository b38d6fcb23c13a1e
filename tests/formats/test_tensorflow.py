"""TensorFlow's formats, written by a current TensorFlow and loaded by the original's own software.

The latter: TensorFlow 2.13.1 and tensorflow_hub 0.15.0, the last with `hub.Module`; tf_slim 1.1.0. Its
recorded answers are the reference. `make tensorflow` runs this file.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pytest
from helpers.cases import (
    GOLDEN,
    GOLDEN_SIZES,
    NO_GOLDEN,
    Array,
    check_endpoints,
    distance,
    golden_answer,
    golden_answers,
    images_from_seed,
    recorded,
)
from helpers.dataset_photos import png
from helpers.evidence import differs_from_ours
from helpers.tensorflow_environments import current, export, original

from inception_hub import Module, bundle, classify, load_module_spec
from inception_hub.architecture import Architecture
from inception_hub.bundle import Bundle, Provenance
from inception_hub.labels import Labels
from inception_hub.sources.archive import extract
from inception_hub.sources.convert import convert_files
from inception_hub.weights import initialise

pytestmark = pytest.mark.tensorflow
TOLERANCE = 1e-4
CLASSIFICATION = "https://tfhub.dev/google/imagenet/inception_v2/classification/3"
CACHED = "5de20d98872c8bf84bfe98da975eba4ff59fbacb"  # SHA-1 of that handle, by which TF-Hub's cache knows it
Answers = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Subject:
    """A module with what the original answered: for images by name, and for one training step by momentum."""

    folder: Path
    bundle: Bundle
    answers: Mapping[str, Answers]
    training: Mapping[str, Answers]

    @property
    def questions(self) -> Path:
        path = self.folder / "questions.npz"
        asked = {f"eval/{name}": _images(answer) for name, answer in self.answers.items()}
        if self.training:
            asked |= {
                "train": _images(self.training["default"]),
                "momentum": self.training["momentum"]["momentum"],
            }
        np.savez(path, **asked)
        return path

    def exported(self, to: str) -> Path:
        source, target = self.folder / "module", self.folder / to
        if not source.exists():
            bundle.write(self.bundle, source)
        if not target.exists():
            done = export(source, "--to", to, target)
            assert done.returncode == 0, done.stderr
            assert done.stdout == f"{target}\n"
            assert done.stderr.startswith(f"Wrote {to}, ") and "loaded with tensorflow 2." in done.stderr
            assert done.stderr.count("\n") == 1
        return target

    @cached_property
    def of_hub_module(self) -> Answers:
        """What `hub.Module` answers, and what it exports again."""
        answers = self.folder / "hub.npz"
        original(
            "load_hub_module.py", self.exported("tf1-hub"), self.questions, answers, self.folder / "again"
        )
        return np.load(answers)

    @cached_property
    def of_successor(self) -> Answers:
        """What `hub.load` and `hub.KerasLayer` answer."""
        answers = self.folder / "successor.npz"
        original("load_successor.py", self.exported("savedmodel"), self.questions, answers)
        return np.load(answers)


def _images(answer: Answers) -> Array:
    return images_from_seed(tuple(int(n) for n in answer["shape"]), int(answer["seed"]))


def _golden(folder: Path) -> Subject:
    if not GOLDEN.exists():
        pytest.skip(NO_GOLDEN)
    flat = golden_answers()
    steps = {
        ours: {k.split("/", 2)[2]: v for k, v in flat.items() if k.startswith(f"train/{theirs}/")}
        | {"shape": flat["train/shape"], "seed": flat["train/seed"], "momentum": np.float32(0.997)}
        for ours, theirs in (("default", "default"), ("momentum", "0.997"))
    }
    answers = {size: golden_answer(size) for size in GOLDEN_SIZES}
    return Subject(folder, load_module_spec(GOLDEN / "tf1_hub_module.tar.gz").bundle, answers, steps)


def _recorded(folder: Path, kind: str, number: int) -> Subject:
    case = recorded(kind)[number]
    made = _bundle(case.architecture, case.weights)
    if kind == "eval":
        return Subject(folder, made, {"x".join(map(str, case.shape)): case.answers}, {})
    names = sorted(name for name, v in case.architecture.variables.items() if not v.trainable)
    sizes = [case.architecture.variables[name].size for name in names]
    steps = {}
    for name, decay in (("default", 0.99), ("momentum", 0.9)):
        pieces = np.split(case.answers[f"after/{decay}"], np.cumsum(sizes)[:-1])
        after = {f"after/{n}": piece for n, piece in zip(names, pieces, strict=True)}
        steps[name] = {**case.answers, **after, "momentum": np.float32(decay)}
    return Subject(folder, made, {}, steps)


def _bundle(architecture: Architecture, weights: Mapping[str, Array]) -> Bundle:
    names = tuple(f"class_{number}" for number in range(architecture.num_classes))
    labels = Labels(names, (None,) * len(names))
    return Bundle("subject", architecture, weights, labels, Provenance("random numbers"), (96, 128))


@pytest.fixture(scope="module", params=["golden", "eval/1", "eval/4", "train/0"])
def subject(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Subject:
    """The golden module at seven sizes; the full network; a thin one; one whose training step is known."""
    folder = tmp_path_factory.mktemp("subject")
    if request.param == "golden":
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("INCEPTION_HUB_CACHE", str(tmp_path_factory.mktemp("cache")))
            made = _golden(folder)
            _ = dict(made.bundle.weights)
            return made
    kind, number = request.param.split("/")
    return _recorded(folder, kind, int(number))


def group(outputs: Answers, prefix: str) -> dict[str, np.ndarray]:
    return {key.removeprefix(prefix): outputs[key] for key in outputs if key.startswith(prefix)}


def check_answers(
    outputs: Answers, subject: Subject, logits: tuple[str, ...], features: tuple[str, ...]
) -> None:
    for name, answer in subject.answers.items():
        for key in logits:
            assert distance(outputs[f"eval/{name}/{key}/logits"], answer["logits"]) < TOLERANCE, key
        for key in features:
            assert (
                distance(outputs[f"eval/{name}/{key}/feature_vector"], answer["feature_vector"]) < TOLERANCE
            ), key
        check_endpoints(group(outputs, f"eval/{name}/endpoint/"), answer)


def check_step(outputs: Answers, answer: Answers, case: str) -> None:
    assert distance(outputs[f"{case}/feature_vector"], answer["feature_vector"]) < TOLERANCE
    assert float(outputs[f"{case}/regularization_loss"]) == pytest.approx(
        float(answer["regularization_loss"]), rel=1e-5
    )
    after = group(outputs, f"{case}/after/")
    assert len(after) == 136
    for name, value in after.items():
        assert distance(value, answer[f"after/{name}"]) < TOLERANCE, name


def same_weights(path: Path, expected: Bundle) -> bool:
    converted = load_module_spec(path).bundle
    return converted.architecture == expected.architecture and all(
        converted.weights[name].tobytes() == array.tobytes() for name, array in expected.weights.items()
    )


def test_hub_module_answers_as_the_original(subject: Subject) -> None:
    outputs = subject.of_hub_module
    assert tuple(outputs["size"]) == subject.bundle.image_size and outputs["channels"] == 3
    check_answers(outputs, subject, ("default", "with_momentum"), ("features", "with_momentum"))


def test_hub_module_takes_a_training_step_as_the_original(subject: Subject) -> None:
    for case, answer in subject.training.items():
        counts = {key: int(value) for key, value in group(subject.of_hub_module, f"{case}/count/").items()}
        assert counts == {
            "variables": 277,
            "model_variables": 277,
            "trainable": 141,
            "losses": 69,
            "updates": 136,
        }
        check_step(subject.of_hub_module, answer, case)


def test_what_hub_module_exports_again_is_ours(subject: Subject) -> None:
    _ = subject.of_hub_module
    assert same_weights(subject.folder / "again", subject.bundle)
    assert load_module_spec(subject.folder / "again").image_size == subject.bundle.image_size


def test_the_successors_interface_answers_as_the_original(subject: Subject) -> None:
    outputs = subject.of_successor
    check_answers(outputs, subject, ("default", "served", "layer"), ())
    if subject.training:
        check_step(outputs, subject.training["momentum"], "momentum")
        assert (outputs["layer/trainable"], outputs["layer/losses"], outputs["layer/moved"]) == (141, 69, 136)


def test_slim_restores_the_checkpoint(subject: Subject) -> None:
    architecture = subject.bundle.architecture
    size = architecture.depth_multiplier, architecture.num_classes
    answers = subject.folder / "slim.npz"
    original("restore_slim.py", subject.exported("tf-checkpoint"), subject.questions, answers, *size)
    outputs = np.load(answers)
    assert (outputs["global_step"].dtype, outputs["global_step"]) == (np.int64, 0)
    for name, answer in subject.answers.items():
        assert distance(outputs[f"eval/{name}/logits"], answer["logits"]) < TOLERANCE


def test_slims_own_evaluation_counts_what_ours_counts(tmp_path: Path) -> None:
    spec = load_module_spec("tiny_imagenet")
    encoded = [png(seed, (80, 60)) for seed in range(13)]
    rows = classify(encoded, spec, top=6, resize="slim").to_list()
    # The right class is the most likely one of 8 photos, the second of 3, and the sixth of 2.
    ranks = [0] * 8 + [1] * 3 + [5] * 2
    classes = [row.predictions[rank].index for row, rank in zip(rows, ranks, strict=True)]
    photos = {str(index): np.frombuffer(content, np.uint8) for index, content in enumerate(encoded)}
    np.savez(tmp_path / "photos.npz", classes=classes, **photos)
    done = export("tiny_imagenet", "--to", "tf-checkpoint", tmp_path / "checkpoint")
    assert done.returncode == 0, done.stderr
    size, answers = spec.image_size[0], tmp_path / "answers.npz"
    original("evaluate_slim.py", tmp_path / "checkpoint", tmp_path / "photos.npz", answers, size, 200)
    with np.load(answers) as figures:
        assert figures["accuracy"] == np.float32(8 / 13)
        assert figures["recall_5"] == np.float32(11 / 13)


@pytest.mark.parametrize("to", ["tf1-hub", "savedmodel", "tf-checkpoint"])
def test_weights_come_back_bit_for_bit(subject: Subject, to: str) -> None:
    assert same_weights(subject.exported(to), subject.bundle)


def test_the_archive_is_as_a_server_would_send_it(small_module: Path, tmp_path: Path) -> None:
    archives = [tmp_path / "a.tar.gz", tmp_path / "b.tar.gz"]
    for archive in archives:
        assert export(small_module, "--to", "tf1-hub", archive).returncode == 0
    assert archives[0].read_bytes() == archives[1].read_bytes()
    assert same_weights(archives[0], bundle.read(small_module))
    extract(archives[0], tmp_path / "cache" / CACHED)
    original("module_page.py", archives[0], TFHUB_CACHE_DIR=str(tmp_path / "cache"))


@pytest.mark.parametrize("to", ["tf1-hub", "savedmodel", "tf-checkpoint"])
def test_a_feature_vector_module(small_module: Path, tmp_path: Path, to: str) -> None:
    headless = bundle.read(small_module).without_head()
    bundle.write(headless, tmp_path / "module")
    done = export(tmp_path / "module", "--to", to, tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert same_weights(tmp_path / "out", headless)


def test_evidence_is_what_explain_computes(small_module: Path, tmp_path: Path) -> None:
    done = export(small_module, "--to", "savedmodel", "--evidence", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    images = images_from_seed((2, 64, 96, 3), 0)
    np.save(tmp_path / "images.npy", images)
    code = (
        "import sys; import numpy as np; import tensorflow as tf; "
        "serve = tf.saved_model.load(sys.argv[1] + '/out').signatures['serving_default']; "
        "outputs = serve(tf.constant(np.load(sys.argv[1] + '/images.npy'))); "
        "np.savez(sys.argv[1] + '/outputs.npz', **{name: x.numpy() for name, x in outputs.items()})"
    )
    done = current(code, tmp_path)
    assert done.returncode == 0, done.stderr
    outputs = np.load(tmp_path / "outputs.npz")
    assert set(outputs) == {"logits", "evidence"}
    assert differs_from_ours(Module(small_module), images, outputs["evidence"]) < TOLERANCE


@pytest.mark.parametrize("to", ["tf1-hub", "savedmodel", "tf-checkpoint"])
def test_a_full_disk_leaves_nothing(small_module: Path, tmp_path: Path, to: str) -> None:
    done = export(small_module, "--to", to, tmp_path / "out", file_limit=100)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"inception-hub: {tmp_path / 'out'} cannot be written (")
    assert done.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_force_replaces_an_export(small_module: Path, tmp_path: Path) -> None:
    assert export(small_module, "--to", "tf1-hub", tmp_path / "out").returncode == 0
    done = export(small_module, "--to", "tf1-hub", tmp_path / "out")
    assert done.returncode == 2 and "exists and is left as it is" in done.stderr
    assert export(small_module, "--to", "tf1-hub", tmp_path / "out", "--force").returncode == 0
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert same_weights(tmp_path / "out", bundle.read(small_module))


def test_what_slims_training_writes_is_read(tmp_path: Path) -> None:
    """Optimiser slots, moving averages and counters beside the weights, all below `module/`."""
    weights = dict(initialise(Architecture(0.25, 3), 0))
    np.savez(tmp_path / "weights.npz", **weights)
    original("write_training_checkpoints.py", "slim", tmp_path / "weights.npz", tmp_path)
    with np.load(tmp_path / "expected.npz") as file:
        wanted = dict(file)
    for chosen in ("raw", "average"):
        with pytest.warns(UserWarning, match="below 'module/'.*Left out, .*RMSProp"):
            converted = convert_files(tmp_path, weights=chosen)
        assert set(converted.weights) == set(weights)
        for variable, array in converted.weights.items():
            average = wanted.get(f"average/{variable}") if chosen == "average" else None
            assert np.array_equal(array, wanted[variable] if average is None else average), variable


def test_what_keras_and_checkpoints_of_objects_write_is_read(tmp_path: Path) -> None:
    """A model around `hub.KerasLayer` with a head of its own and Adam's slots."""
    source = tmp_path / "source"
    architecture = Architecture(0.25, 0)
    weights, nameless = initialise(architecture, 0), Labels((), ())
    bundle.write(Bundle("features", architecture, weights, nameless, Provenance("numbers")), source)
    done = export(source, tmp_path / "exported", "--to", "savedmodel")
    assert done.returncode == 0, done.stderr
    original("write_training_checkpoints.py", "keras", tmp_path / "exported", tmp_path)
    with np.load(tmp_path / "expected.npz") as file:
        wanted = dict(file)
    for saved in ("model", "objects-1"):
        with pytest.warns(UserWarning, match="Left out, not being the network's: "):
            converted = convert_files(tmp_path / saved)
        assert converted.architecture == architecture and len(wanted) == len(converted.weights) == 275
        for variable, array in converted.weights.items():
            assert np.array_equal(array, wanted[variable]), (saved, variable)
