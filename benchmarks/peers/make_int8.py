"""`model.onnx` quantized by NNCF as its documentation shows: `make_int8.py MODELS PHOTOS`."""

import sys
from pathlib import Path

import nncf
import openvino as ov
from pillow_photos import load

CALIBRATION = 300  # photos, NNCF's default


def main(models: Path, photos: Path) -> None:
    paths = sorted(photos.iterdir())[:CALIBRATION]
    data = nncf.Dataset(paths, lambda path: load(path)[None])
    model = nncf.quantize(ov.Core().read_model(models / "model.onnx"), data, subset_size=len(paths))
    ov.save_model(model, models / "int8.xml")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
