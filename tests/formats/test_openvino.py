"""OpenVINO's IR: run by OpenVINO, in float32 and in int8."""

import os
from pathlib import Path

import numpy as np
import openvino
import pytest
import skimage
from helpers.exports import SIZE
from helpers.written_rows import small_files

import inception_hub as hub
from inception_hub import bundle, load_module_spec
from inception_hub.errors import OutputError
from inception_hub.formats import export_bundle
from inception_hub.formats.openvino import check
from inception_hub.formats.options import Options


@pytest.mark.parametrize("head", [True, False])
def test_an_export_computes_the_same(small_module: Path, tmp_path: Path, head: bool) -> None:
    source = bundle.read(small_module)
    source = source if head else source.without_head()
    path = tmp_path / "out"
    assert export_bundle(source, "openvino", path, options=SIZE).error < 1e-5


def test_any_batch_and_size(small_module: Path, tmp_path: Path) -> None:
    assert export_bundle(bundle.read(small_module), "openvino", tmp_path / "out").error < 1e-5


def test_photos_in_and_best_classes_out(small_module: Path, tmp_path: Path) -> None:
    options = Options(photos=True, top=3)
    path = tmp_path / "out"
    assert export_bundle(bundle.read(small_module), "openvino", path, options=options).error < 1e-5


def test_the_int8_graph(tmp_path: Path) -> None:
    source = load_module_spec("tiny_imagenet").bundle
    options = Options(size=(96, 96), photos=True, top=1, int8=True)
    assert export_bundle(source, "openvino", tmp_path / "out", options=options).error < 1e-2
    photos = [getattr(skimage.data, name)() for name in ("astronaut", "coffee", "chelsea", "rocket")]
    crops = np.stack(
        [photo[y : y + 96, x : x + 96] for photo in photos for y in (0, 99, 180) for x in (9, 200)]
    )
    compiled = openvino.Core().compile_model(tmp_path / "out" / "inception_v2.xml", "CPU")
    indices = compiled({"images": crops})["indices"][:, 0]
    logits = hub.Module("tiny_imagenet", precision="int8")(crops / np.float32(255))
    assert (indices == logits.argmax(1)).mean() > 0.95  # quantize's own gate


@pytest.mark.parametrize("kept", ["inception_v2.bin", "inception_v2.xml"])
def test_a_full_disk_is_a_sentence(small_module: Path, tmp_path: Path, kept: str) -> None:
    source = bundle.read(small_module)
    with small_files(), pytest.raises(OutputError, match="out cannot be written and read back by OpenVINO"):
        export_bundle(source, "openvino", tmp_path / "out")
    assert not list(tmp_path.iterdir())
    export_bundle(source, "openvino", tmp_path / "out")
    os.truncate(tmp_path / "out" / kept, (tmp_path / "out" / kept).stat().st_size // 2)
    with pytest.raises(OutputError, match="out cannot be written and read back by OpenVINO"):
        check(source, tmp_path / "out", Options())
