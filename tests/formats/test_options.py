"""Options of an export: which a format accepts, and which a module cannot meet."""

from pathlib import Path

import pytest

from inception_hub import bundle
from inception_hub.errors import ArgumentError
from inception_hub.formats import FORMATS, export_bundle
from inception_hub.formats.options import Options


def test_what_is_accepted(small_module: Path) -> None:
    source, every = bundle.read(small_module), FORMATS["openvino"].options
    Options().check(source, "module", frozenset())
    Options(size=(40, 56), batch=4, photos=True, top=10).check(source, "openvino", every)
    with pytest.raises(
        ArgumentError, match="The format torch does not take int8; its options: batch, evidence, size"
    ):
        Options(batch=4, int8=True).check(source, "torch", FORMATS["torch"].options)
    with pytest.raises(ArgumentError, match="The format timm does not take size, batch; its options: none"):
        Options(size=(40, 56), batch=4).check(source, "timm", FORMATS["timm"].options)
    with pytest.raises(ArgumentError, match="top is 11 and small has 10 classes; give fewer"):
        Options(top=11).check(source, "openvino", every)
    with pytest.raises(ArgumentError, match="small has no int8 graph; make one with inception-hub quantize"):
        Options(int8=True).check(source, "openvino", every)
    with pytest.raises(ArgumentError, match="The format openvino does not take fp16; its options: batch, "):
        Options(fp16=True).check(source, "openvino", every)
    with pytest.raises(ArgumentError, match="small is a feature vector module and has no classes to give ev"):
        Options(evidence=True).check(source.without_head(), "openvino", every)
    with pytest.raises(ArgumentError, match="The server is 'iis'; give one of ovms, triton"):
        Options(server="iis").check(source, "openvino", every)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="The format torch does not take server; its options: batch"):
        Options(server="ovms").check(source, "torch", FORMATS["torch"].options)
    with pytest.raises(ArgumentError, match="int8 and fp16 exclude each other; give one of them"):
        Options(int8=True, fp16=True).check(source, "onnx", FORMATS["onnx"].options)


def test_options_below_one(small_module: Path, tmp_path: Path) -> None:
    for options in (Options(batch=0), Options(size=(0, 5)), Options(top=0)):
        with pytest.raises(ArgumentError, match="(batch|A side of size|top) is 0; give 1 or more"):
            export_bundle(bundle.read(small_module), "onnx", tmp_path / "out.onnx", options=options)
