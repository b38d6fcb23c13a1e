"""Feature vectors as `.npy` and `.npz`: exact, in few rows of memory, whole or not there at all."""

import io
import os
import signal
import subprocess
import sys
import tracemalloc
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from helpers.command import run
from helpers.dataset_photos import png
from helpers.written_rows import VECTORS, small_files, written

import inception_hub as hub
from inception_hub.errors import ArgumentError, OutputError
from inception_hub.inference.row import Row
from inception_hub.output.arrays import ArrayWriter
from inception_hub.output.writers import open_writer


def load(path: Path) -> dict[str, np.ndarray]:
    with np.load(path, allow_pickle=False) as arrays:
        return dict(arrays)


def test_npz_holds_vectors_with_their_paths_and_errors_with_theirs(tmp_path: Path) -> None:
    arrays = load(written("npz", "vector", VECTORS, tmp_path / "vectors.npz"))
    assert arrays.keys() == {"vectors", "paths", "unreadable", "errors", "module", "settings"}
    assert arrays["vectors"].dtype == np.float32 and arrays["vectors"].shape == (5, 4)
    assert np.array_equal(arrays["vectors"], [row.vector for row in VECTORS[1:]])
    assert arrays["paths"].tolist() == ["0.jpg", "1.jpg", "2.jpg", "3.jpg", "4.jpg"]
    assert (arrays["unreadable"].tolist(), arrays["errors"].tolist()) == (
        ["bad.jpg"],
        ["bad.jpg is damaged."],
    )
    assert arrays["module"] == "tiny" and [path.name for path in tmp_path.iterdir()] == ["vectors.npz"]


def test_npy_has_a_row_for_each_photo(tmp_path: Path) -> None:
    path = written("npy", "vector", VECTORS, tmp_path / "vectors.npy")
    vectors = np.load(path, allow_pickle=False, mmap_mode="r")
    assert vectors.dtype == np.float32 and vectors.shape == (6, 4)
    assert np.isnan(vectors[0]).all() and np.array_equal(vectors[1:], [row.vector for row in VECTORS[1:]])


@pytest.mark.parametrize("format", ["npy", "npz"])
@pytest.mark.parametrize("rows", [[], VECTORS[:1]])
def test_without_a_vector(format: str, rows: list[Row], tmp_path: Path) -> None:
    path = written(format, "vector", rows, tmp_path / f"x.{format}")
    found = np.load(path) if format == "npy" else load(path)["vectors"]
    assert found.shape == (len(rows) if format == "npy" else 0, 4) and found.dtype == np.float32


def test_any_path_is_kept_as_text(tmp_path: Path) -> None:
    names = [
        "a\nb.jpg",
        "\u4e2d\U0001f600.jpg",
        "",
        " x ",
        b"caf\xe9.jpg".decode("utf-8", "surrogateescape"),
        "y" * 4000,
    ]
    rows = [Row(name, "m", vector=np.zeros(4, np.float32)) for name in names]
    paths = load(written("npz", "vector", rows, tmp_path / "x.npz"))["paths"]
    assert paths.tolist() == [*names[:4], "caf\\udce9.jpg", names[5]]
    assert (tmp_path / "x.npz").stat().st_size < 30_000, "what fills the width up takes next to nothing"


def test_few_rows_are_in_memory(tmp_path: Path) -> None:
    row = Row("photos/cat.jpg", "m", vector=np.zeros(256, np.float32))
    tracemalloc.start()
    with ArrayWriter("npz", tmp_path / "x.npz", 256) as writer:
        for _ in range(20_000):
            writer.write(row)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (tmp_path / "x.npz").stat().st_size > 20_000 * 1024 and peak < 8e6


@pytest.mark.parametrize("format", ["npy", "npz"])
def test_an_interrupted_run_leaves_nothing(format: str, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), open_writer(format, "vector", tmp_path / "x", 4) as writer:  # type: ignore[arg-type]
        writer.write(VECTORS[1])
        raise KeyboardInterrupt
    assert not list(tmp_path.iterdir())


def test_what_a_killed_writer_left_is_written_over(tmp_path: Path) -> None:
    code = """
import os, sys
import numpy as np
from inception_hub.inference.row import Row
from inception_hub.output.arrays import ArrayWriter
writer = ArrayWriter("npz", __import__("pathlib").Path(sys.argv[1]), 4)
for number in range(10_000):
    writer.write(Row("old.jpg", "m", vector=np.ones(4, np.float32)))
os._exit(9)
"""
    output = tmp_path / "x.npz"
    subprocess.run([sys.executable, "-c", code, output], check=False)
    assert [path.name for path in tmp_path.iterdir()] == ["x.npz.parts"]
    assert load(written("npz", "vector", VECTORS, output))["paths"].tolist()[0] == "0.jpg"
    assert [path.name for path in tmp_path.iterdir()] == ["x.npz"]


def test_nothing_of_others_is_touched(tmp_path: Path) -> None:
    output = tmp_path / "x.npz"
    output.write_text("mine")
    with pytest.raises(OutputError, match="x.npz exists and is left as it is"):
        written("npz", "vector", VECTORS, output)
    output.unlink()
    (tmp_path / "x.npz.parts").mkdir()
    (tmp_path / "x.npz.parts" / "mine").touch()
    with ArrayWriter("npz", output, 4) as writer:
        with pytest.raises(OutputError, match="x.npz is being written by another process"):
            ArrayWriter("npz", output, 4)
        writer.write(VECTORS[1])
    assert output.exists() and (tmp_path / "x.npz.parts" / "mine").exists()


def test_a_name_taken_meanwhile_is_left_as_it_is(tmp_path: Path) -> None:
    output = tmp_path / "x.npy"
    with pytest.raises(OutputError, match="x.npy exists"), ArrayWriter("npy", output, 4) as writer:
        writer.write(VECTORS[1])
        output.write_text("mine")
    assert output.read_text() == "mine" and [path.name for path in tmp_path.iterdir()] == ["x.npy"]


def test_a_full_disk(tmp_path: Path) -> None:
    with small_files(), pytest.raises(OutputError, match="x.npz cannot be written .File too large"):
        written("npz", "vector", VECTORS * 100, tmp_path / "x.npz")
    assert not list(tmp_path.iterdir())


def test_standard_output_and_terminals(
    capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_writer("npy", "vector", None, 4) as writer:
        writer.write(VECTORS[2])
    assert np.load(io.BytesIO(capfdbinary.readouterr().out)).tolist() == [pytest.approx([0.1] * 4)]
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    with pytest.raises(OutputError, match="npz is not for terminals; give --output FILE"):
        ArrayWriter("npz", None, 4)


def test_what_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="predictions cannot be written as npz; give one of table, jsonl"):
        open_writer("npz", "predictions", tmp_path / "x.npz", 4)
    with pytest.raises(ArgumentError, match="Only a file of rows can be resumed; .* jsonl, csv or parquet"):
        open_writer("npz", "vector", tmp_path / "x.npz", 4, resume=True)
    assert not list(tmp_path.iterdir())


def test_a_stopped_run_says_that_nothing_is_kept(
    small_module: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Idle(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            os.kill(os.getpid(), signal.SIGTERM)
            return b""

    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=Idle()))
    output = tmp_path / "x.npz"
    code, _, err = run(capsys, "embed", "-", "--module", small_module, "--output", output)
    assert code == 143 and not list(tmp_path.iterdir())
    assert err.endswith(f"Stopped; nothing is kept of {output}, which is written when all is done.\n")


def test_from_the_command_line(
    capsys: pytest.CaptureFixture[str], small_module: Path, tmp_path: Path
) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    for number in range(3):
        (photos / f"{number}.png").write_bytes(png(number))
    (photos / "1.png").write_bytes(b"no photo")
    output = tmp_path / "vectors.npz"
    code, out, err = run(capsys, "embed", photos, "--module", small_module, "--output", output)
    assert (
        (code, out) == (1, "") and "1 of 3 photos could not be read:" in err and "1.png is no readable" in err
    )
    arrays = load(output)
    assert arrays["paths"].tolist() == [str(photos / "0.png"), str(photos / "2.png")]
    expected = hub.embed([photos / "0.png", photos / "2.png"], small_module).array
    np.testing.assert_allclose(arrays["vectors"], expected, rtol=1e-5, atol=1e-6)
    code, _, err = run(capsys, "classify", photos, "--module", small_module, "--output", tmp_path / "x.npz")
    assert code == 2 and "x.npz ends in .npz, which names no format here" in err
