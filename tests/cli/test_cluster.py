"""`--ray`: what a cluster is not asked."""

import sys
from pathlib import Path

import pytest
from helpers.command import run


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
