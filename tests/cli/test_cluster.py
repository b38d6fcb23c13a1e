"""`--ray`: what a cluster is asked, and what not."""

import signal
import sys
import types
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from helpers.command import run
from helpers.dataset_photos import png

from inception_hub.inference.options import Options


def test_what_a_cluster_is_not_asked(
    capsys: pytest.CaptureFixture[str], photos: Path, small_module: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ("classify", photos, "--module", small_module, "--ray", "local")
    parquet = ("--format", "parquet", "--output", photos / "rows")
    monkeypatch.setitem(sys.modules, "ray", None)
    for more, sentence in (
        ((), "--ray writes a folder of Parquet: give --format parquet and --output"),
        ((*parquet, "--resume"), "--resume and --gallery are one machine's"),
        ((*parquet, "--gallery", photos / "page.html"), "--resume and --gallery are one machine's"),
        (parquet, "--ray needs ray, which is not installed: pip install '"),
    ):
        code, out, err = run(capsys, *asked, *more)
        assert code == 2 and out == "" and sentence in err and err.count("\n") == 1, err


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        ("", Options()),
        ("--top 3 --resize slim --max-pixels 12345", Options(top=3, resize="slim", max_pixels=12345)),
    ],
)
def test_a_cluster_is_asked_the_same(
    small_module: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    words: str,
    asked: Options,
) -> None:
    """Ray itself is not here: what stands in for it notes what it is asked."""
    noted: list[Any] = []
    (tmp_path / "photo.png").write_bytes(png(0))

    def write_rows(bundle: object, task: Any, locations: Any, output: str) -> Any:
        noted.extend([task, list(locations), output])
        return SimpleNamespace(rows=1, failed=0, errors=[])

    stand_ins = {
        "cluster.connection": {"connected": lambda address: nullcontext(noted.append(address))},
        "cluster.batch_inference": {"InferenceTask": lambda *fields: fields, "write_rows": write_rows},
        "cluster.storage": {"find_photos": lambda inputs: iter(inputs), "without_credentials": str},
    }
    for name, members in stand_ins.items():
        made = types.ModuleType(f"inception_hub.{name}")
        vars(made).update(members)
        monkeypatch.setitem(sys.modules, made.__name__, made)
    before = signal.getsignal(signal.SIGTERM)
    try:
        command = (
            f"classify {tmp_path}/photo.png --module {small_module} --ray auto --format parquet "
            f"--output {tmp_path}/rows"
        )
        code, _, err = run(capsys, *f"{command} {words}".split())
    finally:
        signal.signal(signal.SIGTERM, before)
    assert code == 0, err
    assert noted == [
        "auto",
        (asked, "openvino", "f32"),
        [str(tmp_path / "photo.png")],
        str(tmp_path / "rows"),
    ]
