"""`module.json`: what docs/module-format.md says of it, and that nothing wrong with it goes unnoticed."""

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from helpers.manifests import edit
from helpers.places import DOCS

from inception_hub import bundle
from inception_hub.errors import FormatError


def test_the_manifest_is_what_the_docs_say(small_module: Path) -> None:
    manifest = json.loads((small_module / "module.json").read_text("utf-8"))
    documented = (DOCS / "module-format.md").read_text("utf-8")
    for field in manifest:
        assert f"`{field}" in documented, field
    assert manifest["architecture"] == {"name": "inception_v2", "depth_multiplier": 0.25, "num_classes": 10}
    assert manifest["image_size"] == [64, 64]
    assert manifest["preprocessing"] == {"resize": "default", "range": [0, 1], "channels": "RGB"}


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


HALF = "\ud800"


@pytest.mark.parametrize(
    "changes",
    [
        {"name": HALF},
        {"wordnet_ids": [HALF] * 10},
        {"provenance": {"source": HALF, "licence": "", "source_sha256": None}},
        {"provenance": {"source": "", "licence": "", "source_sha256": HALF}},
        {"accuracy": [{HALF: 1}]},
        {"accuracy": [{"data": [HALF]}]},
        {"files": {HALF: {"size": 1, "sha256": ""}}},
        {"nobody": {"reads": {"this": HALF}}},
    ],
)
def test_half_a_character_is_refused_wherever_it_stands(copy: Path, changes: dict[str, Any]) -> None:
    edit(copy, **changes)
    with pytest.raises(FormatError, match=r"'\\ud800' holds half a character") as caught:
        bundle.read(copy)
    assert str(caught.value).isprintable()


def test_numbers_that_are_no_json(copy: Path) -> None:
    edit(copy, accuracy=[{"top1": float("nan")}])
    with pytest.raises(FormatError, match="it holds NaN, which is no JSON"):
        bundle.read(copy)


def test_a_pipe_is_no_manifest(copy: Path) -> None:
    (copy / "module.json").unlink()
    os.mkfifo(copy / "module.json")
    with pytest.raises(FormatError, match="it is no regular file"):
        bundle.read(copy)


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


NAMES = ["../labels.txt", "deep/er.txt", "..", ".", "", "a\\b", "a\0b", "module.json"]


@pytest.mark.parametrize("name", NAMES)
def test_files_lie_in_the_directory_itself(copy: Path, name: str) -> None:
    files = json.loads((copy / "module.json").read_text("utf-8"))["files"]
    edit(copy, files=files | {name: {"size": 1, "sha256": "0" * 64}})
    with pytest.raises(FormatError, match="`files` does not give size and sha256 of each file"):
        bundle.read_manifest(copy)
