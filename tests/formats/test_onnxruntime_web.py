"""onnxruntime-web is taken as npm has it or not at all."""

from pathlib import Path

import pytest
from helpers.web_pages import web_runtime

from inception_hub.errors import FormatError, MissingExtraError
from inception_hub.formats.onnxruntime_web import FETCH, PACKAGE, SCRIPT, VERSION, licence, load


def test_a_missing_package_is_named_with_the_command_that_fetches_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for path in (None, tmp_path / "gone.tgz", tmp_path):
        with pytest.raises(MissingExtraError, match=f"there is no .*; fetch it by {FETCH}, and export in"):
            load(path)


def test_a_package_of_another_content_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path(PACKAGE).write_bytes(b"another")
    with pytest.raises(FormatError, match=f"{PACKAGE} is not onnxruntime-web {VERSION} by its SHA-256; give"):
        load(None)
    with open(PACKAGE, "r+b") as file:
        file.truncate((64 << 20) + 1)
    with pytest.raises(FormatError, match="has more than 67,108,864 bytes; give the file that npm pack"):
        load(Path(PACKAGE))


def test_both_files_come_out_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = web_runtime()
    runtime = load(package)
    assert f"ONNX Runtime Web v{VERSION}".encode() in runtime.script[:200]
    assert b"MIT License" in runtime.script[:200]
    assert runtime.binary.startswith(b"\0asm") and SCRIPT.endswith(".mjs")
    monkeypatch.chdir(tmp_path)
    Path(PACKAGE).symlink_to(package)
    assert load(None) == runtime


def test_a_changed_byte_is_noticed(tmp_path: Path) -> None:
    content = bytearray(web_runtime().read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / "changed.tgz").write_bytes(content)
    with pytest.raises(FormatError, match="changed.tgz is not onnxruntime-web"):
        load(tmp_path / "changed.tgz")


def test_the_licence_goes_with_every_copy() -> None:
    text = licence()
    assert "MIT License" in text and "Copyright (c) Microsoft Corporation" in text
    assert "The above copyright notice and this permission notice shall be included" in text
