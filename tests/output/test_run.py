"""A run's rows and gallery: all written, resumed, stopped in between, errors counted."""

import json
from pathlib import Path

import numpy as np
import pytest
from helpers.dataset_photos import png
from PIL import Image

from inception_hub import Module, bundle
from inception_hub.errors import ArgumentError, OutputError
from inception_hub.images.heatmaps import heatmap
from inception_hub.images.presets import PRESETS, Preset, visible_fractions
from inception_hub.inference.activation_maps import activation_maps
from inception_hub.inference.decoding import Photo
from inception_hub.inference.options import Options
from inception_hub.inference.pipeline import infer
from inception_hub.output.choices import RowFormat
from inception_hub.output.run import LISTED, WAITING, Stopped, Summary, Target, heatmaps, write_rows


@pytest.fixture
def paths(tmp_path: Path) -> list[str]:
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(6):
        (folder / f"{number}.png").write_bytes(png(number) if number != 2 else b"no photo")
    return sorted(str(path) for path in folder.iterdir())


def rows(path: Path) -> list[dict]:  # type: ignore[type-arg]
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_every_photo_has_its_row(module: Module, paths: list[str], tmp_path: Path) -> None:
    target = Target("jsonl", tmp_path / "rows.jsonl", gallery=tmp_path / "page.html")
    seen: list[None] = []
    options = Options(top=2, feature_maps=True)
    summary = write_rows(module, iter(paths), options, target, on_row=lambda: seen.append(None))
    assert (summary.rows, summary.failed, len(summary.errors), len(seen)) == (6, 1, 1, 6)
    written = rows(tmp_path / "rows.jsonl")
    assert [row["path"] for row in written] == paths
    assert [len(row.get("predictions", ())) for row in written] == [2, 2, 0, 2, 2, 2]
    assert summary.errors == [written[2]["error"]]
    page = (tmp_path / "page.html").read_text("utf-8")
    assert page.count("<article") == 6 and page.count("data:image/png") >= 10


@pytest.mark.parametrize("preset", PRESETS)
def test_heatmaps_lie_on_what_the_preset_shows_of_the_thumbnail(module: Module, preset: Preset) -> None:
    photo = Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 90, 3), np.uint8))
    options = Options(top=1, feature_maps=True, thumbnails=True, resize=preset)
    (result,) = infer(module, [Photo("a", photo)], options)
    assert result.feature_map is not None and result.row.predictions
    (map,) = activation_maps(module, result.feature_map, [result.row.predictions[0].index])
    (drawn,) = heatmaps(module, result, options)
    visible = visible_fractions(preset, (40, 90), module.image_size)
    assert np.array_equal(drawn.index, heatmap(map, 90, 40, visible).index)


@pytest.mark.parametrize(
    "broken, whole, calls",
    [(0, 1, ["result", "row"]), (2, 1, ["result", "row", "row", "row"]), (2, 0, ["row", "row"])],
)
def test_a_result_is_told_of_before_the_first_row_if_there_is_one(
    module: Module, tmp_path: Path, broken: int, whole: int, calls: list[str]
) -> None:
    for number in range(broken + whole):
        (tmp_path / f"{number}.png").write_bytes(png(number) if number >= broken else b"no photo")
    seen: list[str] = []
    photos = [str(tmp_path / f"{number}.png") for number in range(broken + whole)]
    target = Target("csv", tmp_path / "rows.csv")
    write_rows(
        module,
        iter(photos),
        Options(),
        target,
        on_result=lambda: seen.append("result"),
        on_row=lambda: seen.append("row"),
    )
    assert seen == calls


def test_errors_do_not_wait_for_ever(module: Module, tmp_path: Path) -> None:
    seen: list[str] = []
    missing = (str(tmp_path / f"{number}.png") for number in range(WAITING + 2))
    write_rows(
        module,
        missing,
        Options(),
        Target("csv", tmp_path / "rows.csv"),
        on_result=lambda: seen.append("result"),
    )
    assert seen == ["result"]


def test_a_stopped_run_is_whole_and_resumes(module: Module, paths: list[str], tmp_path: Path) -> None:
    target = Target("csv", tmp_path / "rows.csv")
    left = iter(paths)
    taken: list[str] = []
    with pytest.raises(Stopped) as caught:
        write_rows(
            module,
            left,
            Options(top=1),
            target,
            open_photo=lambda path: taken.append(path) or path,  # type: ignore[func-returns-value]
            stopped=lambda: len(taken) == 3,
        )
    assert caught.value.summary.rows == 3 and taken == paths[:3]
    there: list[int] = []
    again = Target("csv", tmp_path / "rows.csv", resume=True)
    summary = write_rows(module, iter(paths), Options(top=1), again, on_begin=there.append)
    assert there == [3] and (summary.rows, summary.failed) == (6, 1)
    lines = (tmp_path / "rows.csv").read_text().splitlines()
    assert [line.split(",")[0] for line in lines[1:]] == paths


@pytest.mark.parametrize("format", ["csv", "jsonl"])
def test_names_that_csv_guards_are_not_computed_again(
    module: Module, tmp_path: Path, format: RowFormat
) -> None:
    paths = ["=1.jpg", "@eaDir/2.jpg", "a\x1b.jpg", "\udcff.jpg"]
    write_rows(module, iter(paths), Options(), Target(format, tmp_path / "rows"))
    before = (tmp_path / "rows").read_bytes()
    summary = write_rows(module, iter(paths), Options(), Target(format, tmp_path / "rows", resume=True))
    assert (summary.rows, (tmp_path / "rows").read_bytes()) == (4, before)


def test_rows_of_another_module_are_left_alone(
    module: Module, small_module: Path, paths: list[str], tmp_path: Path
) -> None:
    from dataclasses import replace

    write_rows(module, iter(paths), Options(), Target("jsonl", tmp_path / "rows"))
    before = (tmp_path / "rows").read_bytes()
    bundle.write(replace(bundle.read(small_module), name="other"), tmp_path / "other")
    with pytest.raises(
        OutputError, match="holds predictions made with module small, not other; resume with what made them"
    ):
        write_rows(
            Module(tmp_path / "other"),
            iter(paths),
            Options(),
            Target("jsonl", tmp_path / "rows", resume=True),
        )
    assert (tmp_path / "rows").read_bytes() == before
    with pytest.raises(ArgumentError, match="--gallery shows the photos of one whole run"):
        write_rows(module, iter(paths), Options(), Target("jsonl", tmp_path / "x", True, tmp_path / "page"))
    assert not (tmp_path / "x").exists()


def test_errors_beyond_the_listed_are_counted_only() -> None:
    summary = Summary()
    for number in range(LISTED + 5):
        summary.add(f"{number} is damaged")
        summary.add(None)
    assert (summary.rows, summary.failed, len(summary.errors)) == (2 * LISTED + 10, LISTED + 5, LISTED)
