"""`explain`: pictures get names of their own in a new folder."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers.command import run
from PIL import Image

from inception_hub import bundle
from inception_hub.cli.explain import Pictures
from inception_hub.errors import OutputError
from inception_hub.labels import Labels


def test_pictures_have_names_that_no_disk_takes_for_one(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    pictures = Pictures(folder)
    for path in ("a/Cat.jpg", "b/cat.png", "CAT.gif", "cat-2.jpg", "dog.jpg"):
        pictures.save(Image.new("RGB", (4, 4), "red"), path)
    names = ["Cat.png", "cat-2.png", "CAT-3.png", "cat-2-2.png", "dog.png"]
    assert sorted(path.name for path in folder.iterdir()) == sorted(names)
    assert capfdbinary.readouterr().out.decode().splitlines() == [str(folder / name) for name in names]
    assert pictures.count == 5


def test_a_folder_that_holds_something_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine").touch()
    with pytest.raises(OutputError, match="exists and is no empty folder; give --output a new one"):
        Pictures(tmp_path)


def test_pictures_from_the_command_line(
    capsys: pytest.CaptureFixture[str], pair: Image.Image, tmp_path: Path
) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        pair.save(tmp_path / folder / "pair.png")
    (tmp_path / "bad.jpg").write_bytes(b"no photo")
    photos = [tmp_path / "a", tmp_path / "bad.jpg", tmp_path / "b"]
    code, out, err = run(capsys, "explain", *photos, "--output", tmp_path / "out", "--size", "96x192")
    assert code == 1 and "bad.jpg is no readable image" in err
    assert err.count("Answering with ") == 1
    assert out.splitlines() == [str(tmp_path / "out" / name) for name in ("pair.png", "pair-2.png")]
    picture = Image.open(tmp_path / "out" / "pair.png")
    assert picture.size == (14 + 4 * (360 + 14), 14 + 20 + 180 + 20 + 14)
    shown = np.asarray(picture, np.int32)
    beside = shown[34:214, 14:374] - shown[34:214, 388:748]
    assert np.abs(beside).max() > 60  # the first panel is the photo, the next has colours over it
    before = (tmp_path / "out" / "pair.png").read_bytes()
    code, out, err = run(capsys, "explain", tmp_path / "a", "--output", tmp_path / "out")
    assert (code, out) == (2, "") and "out exists and is no empty folder" in err
    assert (tmp_path / "out" / "pair.png").read_bytes() == before


def test_photos_of_all_shapes_and_names(small_module: Path, tmp_path: Path) -> None:
    """Upright, enlarged where they are small, labels cut where they are long; a name that is no text."""
    made = bundle.read(small_module)
    labels = Labels(("W" * 300, *"bcdefghij"), (None,) * 10)
    bundle.write(replace(made, labels=labels), tmp_path / "module")
    folder = tmp_path / "photos"
    folder.mkdir()
    rotated = Image.Exif()
    rotated[0x0112] = 6
    Image.new("RGB", (80, 40), "red").save(folder / "upright.jpg", exif=rotated)
    Image.new("RGB", (4000, 1)).save(folder / "flat.png")
    Image.new("RGB", (1, 900)).save(folder / "thin.png")
    Image.new("RGB", (30, 40)).save(os.fsencode(folder) + b"/caf\xe9.png", "PNG")
    command = [sys.executable, "-m", "inception_hub", "explain", folder, "-", "--output", tmp_path / "out"]
    done = subprocess.run(
        [*command, "--module", tmp_path / "module", "--top", "10"],
        input=(folder / "upright.jpg").read_bytes(),
        capture_output=True,
        env=os.environ | {"PYTHONIOENCODING": "utf-8:strict"},
    )
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 5 and rb"caf\udce9.png" in done.stdout
    shown = {os.fsencode(path.name): np.asarray(Image.open(path)) for path in (tmp_path / "out").iterdir()}
    sizes = {name: pixels.shape[1::-1] for name, pixels in shown.items()}
    wide, narrow = 14 + 11 * (360 + 14), 14 + 11 * (180 + 14)
    assert sizes == {
        b"upright.png": (narrow, 68 + 360),
        b"-.png": (narrow, 68 + 360),
        b"flat.png": (wide, 68 + 1),
        b"thin.png": (narrow, 68 + 360),
        b"caf\xe9.png": (14 + 11 * (270 + 14), 68 + 360),
    }
    for left in range(14 + 180, narrow, 194):  # nothing reaches into the next panel
        assert (shown[b"thin.png"][:, left + 2 : left + 14] == 255).all()
    assert (shown[b"thin.png"][14:34] < 255).any()


def test_a_full_disk_leaves_no_half_picture(
    capsys: pytest.CaptureFixture[str], pair: Image.Image, small_module: Path, tmp_path: Path
) -> None:
    resource = pytest.importorskip("resource")
    pair.save(tmp_path / "pair.png")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        asked = ("explain", tmp_path / "pair.png", "--output", tmp_path / "out", "--module", small_module)
        code, out, err = run(capsys, *asked, "--engine", "torch")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (code, out) == (2, "") and "pair.png cannot be written (File too large)" in err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--class", "unicorn"], "has no class 'unicorn'"),
        (["--class", "9" * 5000], "has no class"),
        (["--size", "0x5"], "--size is '0x5'; give height x width"),
        (["--size", "9" * 5000 + "x5"], "give height x width"),
        (["--top", "0"], "--top is '0'; give 1 or more"),
    ],
)
def test_mistakes(
    capsys: pytest.CaptureFixture[str], pair: Image.Image, tmp_path: Path, options: list[str], message: str
) -> None:
    pair.save(tmp_path / "pair.png")
    code, out, err = run(capsys, "explain", tmp_path / "pair.png", "--output", tmp_path / "out", *options)
    assert (code, out) == (2, "") and message in err and not (tmp_path / "out").exists()
