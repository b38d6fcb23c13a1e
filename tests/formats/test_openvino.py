"""OpenVINO's IR: run by OpenVINO, in float32 and in int8."""

import os
from pathlib import Path

import numpy as np
import openvino
import pytest
import skimage
from helpers.cases import images_from_seed
from helpers.evidence import differs_from_ours
from helpers.exports import SIZE
from helpers.written_rows import small_files

import inception_hub as hub
from inception_hub import bundle, load_module_spec
from inception_hub.errors import OutputError
from inception_hub.formats import export_bundle
from inception_hub.formats.openvino import check, write
from inception_hub.formats.options import Options


@pytest.mark.parametrize("head", [True, False])
def test_an_export_computes_the_same(small_module: Path, tmp_path: Path, head: bool) -> None:
    source = bundle.read(small_module)
    source = source if head else source.without_head()
    path = tmp_path / "out"
    assert export_bundle(source, "openvino", path, options=SIZE).error < 1e-5


def test_any_batch_and_size(small_module: Path, tmp_path: Path) -> None:
    assert export_bundle(bundle.read(small_module), "openvino", tmp_path / "out").error < 1e-5


def test_the_int8_graph(tmp_path: Path) -> None:
    source = load_module_spec("tiny_imagenet").bundle
    options = Options(photos=True, top=1, int8=True, evidence=True)
    assert export_bundle(source, "openvino", tmp_path / "out", options=options).error < 1e-2
    photos = [getattr(skimage.data, name)() for name in ("astronaut", "coffee", "chelsea", "rocket")]
    crops = np.stack(
        [photo[y : y + 96, x : x + 96] for photo in photos for y in (0, 99, 180) for x in (9, 200)]
    )
    compiled = openvino.Core().compile_model(tmp_path / "out" / "inception_v2.xml", "CPU")
    indices = compiled({"images": crops})["indices"][:, 0]
    module = hub.Module("tiny_imagenet", precision="int8")
    logits = module(crops / np.float32(255))
    assert (indices == logits.argmax(1)).mean() > 0.95  # quantize's own gate
    photos = np.rint(images_from_seed((1, 128, 128, 3), 0) * 255).astype(np.uint8)
    evidence = compiled({"images": photos})["evidence"]
    assert differs_from_ours(module, photos / np.float32(255), evidence) < 5e-2


def test_a_full_disk_is_a_sentence(small_module: Path, tmp_path: Path) -> None:
    source = bundle.read(small_module)
    with small_files(), pytest.raises(OutputError, match="out cannot be written and read back by OpenVINO"):
        export_bundle(source, "openvino", tmp_path / "out")
    assert not list(tmp_path.iterdir())
    write(source, tmp_path / "out", SIZE)
    for name in ("inception_v2.bin", "inception_v2.xml"):
        file = tmp_path / "out" / name
        content = file.read_bytes()
        os.truncate(file, len(content) // 2)
        with pytest.raises(OutputError, match="out cannot be written and read back by OpenVINO"):
            check(source, tmp_path / "out", SIZE)
        file.write_bytes(content)
    assert check(source, tmp_path / "out", SIZE).error < 1e-5


def test_photos_in_best_classes_and_evidence_that_explain_computes_out(
    small_module: Path, tmp_path: Path
) -> None:
    options, images = Options(photos=True, top=3, evidence=True), images_from_seed((2, 64, 96, 3), 0)
    source = bundle.read(small_module)
    assert export_bundle(source, "openvino", tmp_path / "out", options=options).error < 1e-5
    precise = {"INFERENCE_PRECISION_HINT": "f32"}  # else OpenVINO takes bfloat16 where it can
    compiled = openvino.Core().compile_model(tmp_path / "out" / "inception_v2.xml", "CPU", precise)
    photos = np.rint(images * 255).astype(np.uint8)
    evidence = compiled({"images": photos})["evidence"]
    assert differs_from_ours(hub.Module(small_module), photos / np.float32(255), evidence) < 1e-5
