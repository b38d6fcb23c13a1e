"""`classify` and `embed` on a Ray cluster: one machine's rows, each once, whatever dies: `make cluster`."""

import threading
from pathlib import Path
from typing import Any

import pytest
from helpers.clusters import answering
from helpers.command import run
from helpers.serving import jpeg, wait_until

pytestmark = [pytest.mark.ray, pytest.mark.filterwarnings("default")]  # Ray's own are many


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A folder, relative to the working one, with what is wrong with photos among them."""
    monkeypatch.chdir(tmp_path)
    folder = Path("photos")
    (folder / "deeper").mkdir(parents=True)
    for seed in range(200):
        (folder / ("deeper" if seed % 2 else "") / f"{seed:03}.jpg").write_bytes(jpeg(seed))
    (folder / "bad.jpg").write_bytes(jpeg(0)[:300])
    (folder / "empty.png").touch()
    (folder / "name with space.jpg").write_bytes(jpeg(201))
    return str(folder)


def rows(path: Path | str) -> tuple[Any, list[dict[str, Any]]]:
    """Schema and rows, by path, of a Parquet file or folder."""
    from pyarrow import dataset

    table = dataset.dataset(str(path), format="parquet").to_table()
    return table.schema, sorted(table.to_pylist(), key=lambda row: row["path"])


@pytest.mark.parametrize("verb", ["classify", "embed"])
def test_the_same_rows_as_on_one_machine(
    capsys: pytest.CaptureFixture[str], cluster: Any, photos: str, small_module: Path, verb: str
) -> None:
    asked = (verb, photos, "nowhere.jpg", "--module", small_module, "--format", "parquet", "--output")
    alone = run(capsys, *asked, "alone.parquet")
    together = run(capsys, *asked, "together", "--ray", cluster.address)
    schema, expected = rows("alone.parquet")
    assert rows("together") == (schema, expected)
    assert len(expected) == 204 and sum(row["error"] is not None for row in expected) == 3
    assert alone[0] == together[0] == 1
    assert together[2].replace("together: the rows of 204 photos\n", "").split("\n")[1] == (
        "3 of 204 photos could not be read:"
    )
    assert sorted(alone[2].split("\n")[1:]) == sorted(together[2].split("\n")[2:])
    assert not Path("together.parts").exists()
    code, _, err = run(capsys, *asked, "together", "--ray", cluster.address)
    assert code == 2 and "together exists and is left as it is" in err and rows("together")[1] == expected


def test_storage_by_url(
    capsys: pytest.CaptureFixture[str], cluster: Any, photos: str, small_module: Path
) -> None:
    """file:// goes the way of s3:// and gs://."""
    here = Path.cwd()
    common = ("--module", small_module, "--format", "parquet", "--output")
    run(capsys, "classify", photos, *common, "alone.parquet")
    asked = ("classify", f"file://{here}/photos", *common, f"file://{here}/rows", "--ray", cluster.address)
    code, _, err = run(capsys, *asked)
    assert code == 1 and "2 of 203 photos could not be read" in err
    found = {row["path"]: row for row in rows("rows")[1]}
    for row in rows("alone.parquet")[1]:
        other = found.pop(f"file://{here}/{row['path']}")
        assert other["predictions"] == row["predictions"]
        assert (other["error"] is None) == (row["error"] is None)
    assert not found
    code, _, err = run(capsys, *asked)
    assert code == 2 and "/rows exists and is left as it is" in err
    code, _, err = run(capsys, "classify", f"file://{here}/rows", *common, "x", "--ray", cluster.address)
    assert code == 2 and "this folder holds no photo" in err and not Path("x").exists()


def test_a_machine_that_dies_loses_no_row_and_doubles_none(
    capsys: pytest.CaptureFixture[str], cluster: Any, tmp_path: Path
) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    for seed in range(600):
        (folder / f"{seed:03}.jpg").write_bytes(jpeg(seed))
    asked = ("classify", folder, "--module", "tiny_imagenet", "--format", "parquet", "--output")
    run(capsys, *asked, tmp_path / "alone.parquet")
    killed = threading.Event()

    def kill() -> None:
        wait_until(lambda: all(answering(node) for node in cluster.worker_nodes), 300)
        next(iter(cluster.worker_nodes)).kill_raylet()
        killed.set()

    thread = threading.Thread(target=kill)
    thread.start()
    code, _, err = run(capsys, *asked, tmp_path / "together", "--ray", cluster.address)
    assert killed.is_set(), "the run was over before both machines had begun"
    thread.join()
    assert code == 0 and "the rows of 600 photos" in err
    assert rows(tmp_path / "together") == rows(tmp_path / "alone.parquet")
    cluster.add_node(num_cpus=1)  # for the tests that follow


@pytest.mark.parametrize("address", ["127.0.0.1:1", "ray://127.0.0.1:1", "nonsense", "photos/"])
def test_an_address_of_nothing(
    capsys: pytest.CaptureFixture[str], photos: str, small_module: Path, address: str
) -> None:
    asked = ("classify", photos, "--module", small_module, "--format", "parquet", "--output", "rows")
    code, _, err = run(capsys, *asked, "--ray", address)
    assert code == 2 and err.count("\n") == 2
    assert f"--ray {address} leads to no Ray cluster" in err and "give local, auto, HOST:PORT" in err
    assert not Path("rows").exists() and not Path("rows.parts").exists()
