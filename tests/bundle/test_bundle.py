"""The module directory: complete or not there, and nothing wrong with it goes unnoticed."""

import hashlib
import json
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.places import DOCS

from inception_hub import bundle
from inception_hub.errors import FormatError, InceptionHubError, OutputError
from inception_hub.labels import Labels


@pytest.fixture
def copy(small_module: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(small_module, tmp_path / "module"))


def edit(directory: Path, **changes: Any) -> None:
    path = directory / "module.json"
    manifest = json.loads(path.read_text("utf-8")) | changes
    path.write_text(json.dumps(manifest), "utf-8")


def test_round_trip(small_module: Path, tmp_path: Path) -> None:
    first = bundle.read(small_module)
    bundle.write(first, tmp_path / "again")
    second = bundle.read(tmp_path / "again")
    assert all(np.array_equal(first.weights[name], second.weights[name]) for name in first.weights)
    assert (tmp_path / "again" / "module.json").read_bytes() == (small_module / "module.json").read_bytes()
    assert sorted(path.name for path in small_module.iterdir()) == [
        "README.md",
        "config.json",
        "labels.txt",
        "module.json",
        "weights.safetensors",
    ]


def test_a_directory_is_a_model_repository(small_module: Path, tmp_path: Path) -> None:
    from huggingface_hub import ModelCard

    bundle.write(
        replace(
            bundle.read(small_module),
            card="# Small\n\nFor tests.\n",
            accuracy=(
                {"data": "photos", "images": 4, "top1": 0.75},
                {"data": "photos", "precision": "int8", "top1": 0.5},
            ),
        ),
        tmp_path / "module",
    )
    card = ModelCard.load(tmp_path / "module" / "README.md")
    assert card.text.strip() == "# Small\n\nFor tests."
    assert (card.data.library_name, card.data.license) == ("inception-hub", "apache-2.0")
    assert card.data.pipeline_tag == "image-classification"
    (result,) = card.data.eval_results or ()
    assert (result.dataset_name, result.metric_type, result.metric_value) == ("photos", "accuracy", 0.75)
    labels = json.loads((tmp_path / "module" / "config.json").read_text("utf-8"))["id2label"]
    assert labels == {str(index): name for index, name in enumerate(bundle.read(small_module).labels)}
    assert bundle.read(tmp_path / "module").card == "# Small\n\nFor tests.\n"


def test_the_manifest_is_what_the_docs_say(small_module: Path) -> None:
    manifest = json.loads((small_module / "module.json").read_text("utf-8"))
    documented = (DOCS / "module-format.md").read_text("utf-8")
    for field in manifest:
        assert f"`{field}" in documented, field
    assert manifest["architecture"] == {"name": "inception_v2", "depth_multiplier": 0.25, "num_classes": 10}
    assert manifest["image_size"] == [64, 64]
    assert manifest["preprocessing"] == {"resize": "default", "range": [0, 1], "channels": "RGB"}


def test_the_weights_file_begins_as_the_docs_say(small_module: Path) -> None:
    content = (small_module / "weights.safetensors").read_bytes()
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    variables = {name: entry for name, entry in header.items() if name != "__metadata__"}
    assert len(variables) == 277
    entry = variables["InceptionV2/Mixed_4b/Branch_1/Conv2d_0b_3x3/weights"]
    assert entry["dtype"] == "F32" and entry["shape"] == [3, 3, 16, 24]
    begin, end = (8 + length + offset for offset in entry["data_offsets"])
    stored = np.frombuffer(content[begin:end], "<f4").reshape(entry["shape"])
    expected = bundle.read(small_module).weights["InceptionV2/Mixed_4b/Branch_1/Conv2d_0b_3x3/weights"]
    assert np.array_equal(stored, expected)


def test_float16_halves_the_file(small_module: Path, tmp_path: Path) -> None:
    first = bundle.read(small_module)
    bundle.write(first, tmp_path / "half", np.float16)
    second = bundle.read(tmp_path / "half")
    for name, value in second.weights.items():
        assert value.dtype == np.float32
        assert np.array_equal(value, first.weights[name].astype(np.float16).astype(np.float32)), name


def test_an_existing_path_is_left_as_it_is(small_module: Path, tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "diary.txt").write_text("dear diary")
    with pytest.raises(OutputError, match="taken already exists and is left as it is"):
        bundle.write(bundle.read(small_module), tmp_path / "taken")
    assert [path.name for path in tmp_path.rglob("*")] == ["taken", "diary.txt"]


def test_a_write_that_fails_leaves_nothing(small_module: Path, tmp_path: Path) -> None:
    whole = bundle.read(small_module)
    weights = {
        name: w for name, w in whole.weights.items() if name != "InceptionV2/Logits/Conv2d_1c_1x1/biases"
    }
    broken = replace(whole, weights=weights)
    with pytest.raises(InceptionHubError, match="missing: InceptionV2/Logits/Conv2d_1c_1x1/biases"):
        bundle.write(broken, tmp_path / "broken")
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be written"):
        bundle.write(bundle.read(small_module), tmp_path / "file" / "module")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("name", ["weights.safetensors", "labels.txt"])
@pytest.mark.parametrize("damage", ["flip", "cut", "remove"])
def test_damage_to_any_file_is_noticed(copy: Path, name: str, damage: str) -> None:
    path = copy / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    if damage == "remove":
        path.unlink()
    else:
        path.write_bytes(content if damage == "flip" else content[:-1])
    with pytest.raises(
        FormatError, match=f"{name} (is not the file that module.json describes|cannot be read)"
    ):
        bundle.read(copy)


BAD_MANIFESTS: list[tuple[dict[str, Any], str]] = [
    ({"format": "zip"}, "`format` is not"),
    ({"format_version": 2}, "`format_version` is 2; this release reads 1"),
    ({"architecture": None}, "`architecture` is missing"),
    ({"architecture": {"name": "resnet"}}, "`architecture.name` is not `inception_v2`"),
    (
        {"architecture": {"name": "inception_v2", "depth_multiplier": -1, "num_classes": 10}},
        "`depth_multiplier`",
    ),
    (
        {"architecture": {"name": "inception_v2", "depth_multiplier": True, "num_classes": 10}},
        "`depth_multiplier`",
    ),
    (
        {"architecture": {"name": "inception_v2", "depth_multiplier": 1e9, "num_classes": 10}},
        "`depth_multiplier`",
    ),
    (
        {"architecture": {"name": "inception_v2", "depth_multiplier": 1, "num_classes": 10**9}},
        "`num_classes`",
    ),
    ({"image_size": [224]}, "`image_size`"),
    ({"image_size": [0, 224]}, "`image_size`"),
    ({"preprocessing": {"resize": "fancy"}}, "`preprocessing.resize`"),
    ({"name": 3}, "`name`"),
    ({"wordnet_ids": ["n1"]}, "`wordnet_ids`"),
    ({"provenance": {}}, "`provenance`"),
    ({"accuracy": {}}, "`accuracy`"),
    ({"files": {}}, "`files`"),
    ({"files": {"labels\0.txt": {"size": 1, "sha256": ""}}}, "`files`"),
    ({"files": {"../../etc/passwd": {"size": 1, "sha256": ""}}}, "`files`"),
]


@pytest.mark.parametrize("changes, message", BAD_MANIFESTS)
def test_a_senseless_manifest_is_refused(copy: Path, changes: dict[str, Any], message: str) -> None:
    edit(copy, **changes)
    with pytest.raises(FormatError, match=message):
        bundle.read(copy)


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{", b"\xff\xfe", b"[" * 100_000, b'{"format": NaN}', b"1" * 20_000_000]
)
def test_a_manifest_of_any_bytes_is_refused(copy: Path, content: bytes) -> None:
    (copy / "module.json").write_bytes(content)
    with pytest.raises(FormatError, match="module.json is not a readable module description"):
        bundle.read(copy)


def test_an_accuracy_and_a_card_come_back(small_module: Path, tmp_path: Path) -> None:
    from dataclasses import replace

    figures = {"data": "ten photos", "images": 10, "top1": 0.5}
    carded = replace(bundle.read(small_module), accuracy=(figures,), card="# A module\n")
    bundle.write(carded, tmp_path / "carded")
    again = bundle.read(tmp_path / "carded")
    assert again.accuracy == (figures,) and again.card == "# A module\n"


def describe(directory: Path, name: str) -> None:
    """Has the manifest describe `name` as it is now."""
    content = (directory / name).read_bytes()
    files = json.loads((directory / "module.json").read_text("utf-8"))["files"]
    files[name] = {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    edit(directory, files=files)


@pytest.mark.parametrize("name", ["labels.txt", "README.md", "report.html"])
def test_texts_that_are_no_text(copy: Path, name: str) -> None:
    (copy / name).write_bytes(b"\xff\xfe")
    describe(copy, name)
    with pytest.raises(FormatError, match="is not a readable module .*; pull it again"):
        bundle.read(copy)


def test_pipes_and_devices_are_not_read(copy: Path) -> None:
    for make in (os.mkfifo, lambda path: os.symlink("/dev/zero", path)):
        (copy / "labels.txt").unlink()
        make(copy / "labels.txt")
        files = json.loads((copy / "module.json").read_text("utf-8"))["files"]
        edit(copy, files=files | {"labels.txt": {"size": 0, "sha256": "0" * 64}})
        with pytest.raises(FormatError, match="is not the file that module.json describes"):
            bundle.read(copy)


@pytest.mark.parametrize(
    ("size", "name"), [(5 << 30, "weights.safetensors"), (17 << 20, "labels.txt"), (65 << 20, "report.html")]
)
def test_sizes_beyond_the_limits(copy: Path, size: int, name: str) -> None:
    files = json.loads((copy / "module.json").read_text("utf-8"))["files"]
    edit(copy, files=files | {name: {"size": size, "sha256": "0" * 64}})
    with pytest.raises(FormatError, match="exceed|is larger than"):
        bundle.read(copy)


def test_names_cannot_move_the_cursor(copy: Path, tmp_path: Path) -> None:
    made = replace(bundle.read(copy), name="evil\x1b[2J\n")
    bundle.write(made, tmp_path / "made")
    assert bundle.read(tmp_path / "made").name == "evil?[2J?"
    edit(copy, name="evil\x1b[2J")
    with pytest.raises(FormatError, match="`name` is not a line of text"):
        bundle.read(copy)


def test_what_the_manifest_lacks_or_exaggerates(copy: Path) -> None:
    manifest = json.loads((copy / "module.json").read_text("utf-8"))
    edit(copy, format_version=["x"] * 1000)
    with pytest.raises(FormatError, match="`format_version`") as caught:
        bundle.read(copy)
    assert len(str(caught.value)) < 300 + len(str(copy))
    for field in manifest:
        (copy / "module.json").write_text(json.dumps({k: v for k, v in manifest.items() if k != field}))
        with pytest.raises(FormatError, match="is not a readable module description"):
            bundle.read(copy)


def test_other_users_may_read_a_module(small_module: Path, tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        bundle.write(bundle.read(small_module), tmp_path / "module")
    finally:
        os.umask(before)
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "module").iterdir()}
    assert (tmp_path / "module").stat().st_mode & 0o777 == 0o755
    assert set(modes.values()) == {0o644}, modes


NAMES = ["../labels.txt", "deep/er.txt", "..", ".", "", "a\\b", "a\0b", "module.json"]


@pytest.mark.parametrize("name", NAMES)
def test_files_lie_in_the_directory_itself(copy: Path, name: str) -> None:
    files = json.loads((copy / "module.json").read_text("utf-8"))["files"]
    edit(copy, files=files | {name: {"size": 1, "sha256": "0" * 64}})
    with pytest.raises(FormatError, match="`files` does not give size and sha256 of each file"):
        bundle.read_manifest(copy)


def test_wordnet_ids_come_back_though_the_background_has_none(small_module: Path, tmp_path: Path) -> None:
    ids = (None, *(f"n{index:08}" for index in range(1, 10)))
    labels = Labels(("background", *"bcdefghij"), ids)
    bundle.write(replace(bundle.read(small_module), labels=labels), tmp_path / "module")
    assert bundle.read(tmp_path / "module").labels == labels
