"""`embed`: feature vectors as rows."""

import json
from pathlib import Path

import pytest
from helpers.command import run


def test_embed_and_parquet(
    capsys: pytest.CaptureFixture[str], photos: Path, small_module: Path, tmp_path: Path
) -> None:
    import pyarrow.parquet

    code, out, _ = run(capsys, "embed", photos, "--module", small_module)
    vectors = [json.loads(line)["vector"] for line in out.splitlines()]
    assert code == 0 and [len(vector) for vector in vectors] == [256] * 3
    target = tmp_path / "vectors.parquet"
    code, out, _ = run(
        capsys, "embed", photos, "--module", small_module, "--format", "parquet", "--output", target
    )
    assert code == 0 and out == ""
    table = pyarrow.parquet.read_table(target)
    assert table["vector"].to_pylist() == [pytest.approx(vector, rel=1e-6) for vector in vectors]
    code, _, err = run(
        capsys, "embed", photos, "--module", small_module, "--format", "parquet", "--output", target
    )
    assert code == 2 and "exists and is left as it is" in err
