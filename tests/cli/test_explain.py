"""`explain`: pictures get names of their own in a new folder."""

from pathlib import Path

import pytest
from PIL import Image

from inception_hub.cli.explain import Pictures
from inception_hub.errors import OutputError


def test_pictures_have_names_that_no_disk_takes_for_one(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    folder = tmp_path / "pictures"
    pictures = Pictures(folder)
    assert not folder.exists()
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
