"""The settings of rows: recorded with them, and no others are mixed in by `--resume`."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from helpers.dataset_photos import png

from inception_hub import Module, ModuleSpec, bundle
from inception_hub.errors import OutputError
from inception_hub.inference.options import Options
from inception_hub.output.choices import RowFormat
from inception_hub.output.run import Target, write_rows
from inception_hub.output.settings import MAX_BYTES, check, check_record, record_of, settings_of

FORMATS: list[RowFormat] = ["jsonl", "csv", "parquet"]


@pytest.fixture
def paths(tmp_path: Path) -> list[str]:
    (tmp_path / "photos").mkdir()
    for number in range(3):
        (tmp_path / "photos" / f"{number}.png").write_bytes(png(number))
    return sorted(str(path) for path in (tmp_path / "photos").iterdir())


def changed(spec: ModuleSpec, name: str) -> Module:
    """The small module with another of its properties."""
    held = spec.bundle
    match name:
        case "weights":
            first = next(iter(held.weights))
            held = replace(held, weights={**held.weights, first: held.weights[first] * 2})
        case "image size":
            held = replace(held, image_size=(96, 64))
        case "labels":
            held = replace(held, labels=type(held.labels)(tuple("jihgfedcba"), (None,) * 10))
        case "precision":
            return Module(spec, engine="torch", precision="bf16")
    return Module(ModuleSpec(held))


@pytest.mark.parametrize("format", FORMATS)
def test_other_settings_are_refused_and_named(
    format: RowFormat, module: Module, spec: ModuleSpec, paths: list[str], tmp_path: Path
) -> None:
    target = Target(format, tmp_path / "rows")
    write_rows(module, iter(paths[:2]), Options(top=2), target)
    before = (tmp_path / "rows").read_bytes()
    again = replace(target, resume=True)
    others = [(changed(spec, name), Options(top=2), name) for name in ("weights", "image size", "labels")]
    others += [(module, Options(top=3), "top"), (module, Options(top=2, resize="slim"), "resize")]
    for other, options, name in others:
        with pytest.raises(OutputError, match=f"holds predictions made with {name} .*, not .*; resume with"):
            write_rows(other, iter(paths), options, again)
        assert (tmp_path / "rows").read_bytes() == before
    write_rows(module, iter(paths), Options(top=2, max_pixels=10**6), again)
    assert (tmp_path / "rows").read_bytes() != before


@pytest.mark.parametrize("format", FORMATS)
def test_vectors_among_predictions_are_refused_as_such(
    format: RowFormat, module: Module, paths: list[str], tmp_path: Path
) -> None:
    target = Target(format, tmp_path / "rows", resume=True)
    write_rows(module, iter(paths[:2]), Options(top=2), target)
    with pytest.raises(OutputError, match="rows holds predictions, not vectors; resume with what made them"):
        write_rows(module, iter(paths), Options("vector"), target)


def test_settings_are_of_all_that_decides_a_row(module: Module, spec: ModuleSpec) -> None:
    own = settings_of(module, Options(top=2))
    assert own["module"] == "small" and own["top"] == 2 and own["image size"] == "64x64"
    half = settings_of(changed(spec, "precision"), Options(top=2))
    assert {name for name in own if own[name] != half[name]} == {"precision"}
    vectors = settings_of(module, Options("vector"))
    assert "top" not in vectors and "labels" not in vectors
    assert settings_of(Module(spec, engine="torch"), Options(top=2)) == own, "engines agree"


def test_settings_of_sets_are_coverage_and_calibration(calibrated_module: Path) -> None:
    module = Module(calibrated_module)
    own = settings_of(module, Options(coverage=0.9))
    assert own["coverage"] == "0.9" and "top" not in own
    other = settings_of(module, Options(coverage=0.95))
    assert {name for name in own if own[name] != other[name]} == {"coverage"}
    arrays = dict(module.spec.bundle.calibration or {})
    arrays["temperature"] = arrays["temperature"] * 2
    again = Module(ModuleSpec(replace(module.spec.bundle, calibration=arrays)))
    changed_too = settings_of(again, Options(coverage=0.9))
    assert {name for name in own if own[name] != changed_too[name]} == {"calibration"}


@pytest.mark.parametrize("format", ["jsonl", "csv"])
def test_rows_without_a_record_are_refused(
    format: RowFormat, module: Module, paths: list[str], tmp_path: Path
) -> None:
    target = Target(format, tmp_path / "rows")
    write_rows(module, iter(paths), Options(), target)
    before = (tmp_path / "rows").read_bytes()
    record = tmp_path / ".rows.settings.json"
    assert json.loads(record.read_bytes())["module"] == "small"
    hostile = [b"[]", b"{", b"[" * MAX_BYTES, b"\xff", b"x" * MAX_BYTES * 2]
    for content in (None, *hostile):
        record.unlink() if content is None else record.write_bytes(content)
        with pytest.raises(OutputError, match="nothing says which module and settings made its rows"):
            write_rows(module, iter(paths), Options(), replace(target, resume=True))
    assert (tmp_path / "rows").read_bytes() == before


def test_an_empty_file_needs_no_record_and_gets_one(module: Module, paths: list[str], tmp_path: Path) -> None:
    (tmp_path / "rows").touch()
    write_rows(module, iter(paths), Options(), Target("jsonl", tmp_path / "rows", resume=True))
    assert record_of(tmp_path / "rows").is_file()


def test_a_hostile_record_does_not_move_the_cursor() -> None:
    record = json.dumps({"module": "\x1b[2J" + "x" * 1000, "n": 1}).encode()
    with pytest.raises(OutputError) as caught:
        check(Path("rows"), record, {"module": "small"})
    assert str(caught.value).isprintable() and len(str(caught.value)) < 300


def test_a_pipe_in_place_of_a_record_is_not_waited_for(tmp_path: Path) -> None:
    if not hasattr(os, "mkfifo"):
        pytest.skip("no pipes in folders here")
    os.mkfifo(record_of(tmp_path / "rows"))
    with pytest.raises(OutputError, match="nothing says which module and settings made its rows"):
        check_record(tmp_path / "rows", {"module": "small"})


def test_a_table_has_no_record(module: Module, paths: list[str], tmp_path: Path) -> None:
    write_rows(module, iter(paths), Options(), Target("table", tmp_path / "rows"))
    assert not record_of(tmp_path / "rows").exists()


def test_a_module_directory_is_known_by_its_files(small_module: Path, tmp_path: Path, module: Module) -> None:
    bundle.write(bundle.read(small_module), tmp_path / "small")
    assert settings_of(Module(tmp_path / "small"), Options()) == settings_of(module, Options())
