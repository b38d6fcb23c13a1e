"""What is given for a module by mistake is called by its name."""

import shutil
from pathlib import Path

import pytest
from helpers.dataset_photos import png

from inception_hub import convert
from inception_hub.errors import HandleError
from inception_hub.sources.mistaken import refuse_mistaken
from inception_hub.sources.resolve import resolve


@pytest.mark.parametrize("folder", ["photos", "classes"])
def test_photos_and_folders_of_photos(folder: str, tmp_path: Path) -> None:
    photo = tmp_path / folder / ("cat/0.PNG" if folder == "classes" else "0.PNG")
    photo.parent.mkdir(parents=True)
    photo.write_bytes(png(0))
    with pytest.raises(HandleError, match=r"0.PNG' is a photo; give a module, such as tiny_imagenet"):
        resolve(photo)
    with pytest.raises(HandleError, match=f"{folder}' holds photos and no module; give a module"):
        resolve(tmp_path / folder)
    with pytest.raises(HandleError, match=f"{folder}' holds photos and no module; give a module"):
        convert(tmp_path / folder, tmp_path / "out", depth_multiplier=1)
    (tmp_path / folder / "model.ckpt.index").touch()
    refuse_mistaken(tmp_path / folder, "it may be a checkpoint")


def test_a_graph_of_openvino(tmp_path: Path) -> None:
    written = tmp_path / "exported"
    written.mkdir()
    for name in ("inception_v2.xml", "inception_v2.bin"):
        (written / name).touch()
    for given in (written, *written.iterdir()):
        with pytest.raises(
            HandleError, match=f"{given}' is an OpenVINO graph, .* the module it was exported"
        ):
            resolve(given)
    with pytest.raises(HandleError, match="is an OpenVINO graph"):
        convert(written, tmp_path / "out", weights="raw")
    (written / "inception_v2.xml").unlink()
    refuse_mistaken(written / "inception_v2.bin", "it may be anything")


def test_parts_of_a_module(small_module: Path, tmp_path: Path) -> None:
    module = tmp_path / "module"
    shutil.copytree(small_module, module)
    for name in ("module.json", "weights.safetensors"):
        with pytest.raises(HandleError, match=f"{name}' is a file of a module; give the directory"):
            resolve(module / name)
    (module / "module.json").unlink()
    with pytest.raises(HandleError, match=r"module' has weights.safetensors and lacks module.json, which"):
        resolve(module)


def test_a_folder_of_others_is_not_searched_for_ever(tmp_path: Path) -> None:
    (tmp_path / "a" / "b" / "c").mkdir(parents=True)
    (tmp_path / "a" / "b" / "c" / "0.png").write_bytes(png(0))
    refuse_mistaken(tmp_path, "it may be anything")
