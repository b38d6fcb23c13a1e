"""Options of an export: which a format accepts, and which a module cannot meet."""

from pathlib import Path

import numpy as np
import pytest

from inception_hub import bundle
from inception_hub.errors import ArgumentError
from inception_hub.formats import FORMATS
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


def test_options_below_one() -> None:
    for options in (dict(batch=0), dict(size=(0, 5)), dict(top=0)):
        with pytest.raises(ArgumentError, match="(batch|A side of size|top) is 0; give 1 or more"):
            Options(**options)  # type: ignore[arg-type]


def test_numbers_of_any_kind() -> None:
    options = Options(np.array([40, 56]), np.int64(4), top=np.uint8(3))  # type: ignore[arg-type]
    assert options == Options((40, 56), 4, top=3)
