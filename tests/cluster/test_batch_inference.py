"""`classify` and `embed` on a Ray cluster: one machine's rows, each once, whatever dies: `make cluster`."""

import threading
from pathlib import Path
from typing import Any

import pytest
from helpers.clusters import answering, rows
from helpers.command import run
from helpers.serving import jpeg, wait_until

pytestmark = [pytest.mark.ray, pytest.mark.filterwarnings("default")]  # Ray's own are many


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


def test_a_run_that_fails_leaves_nothing(tmp_path: Path) -> None:
    from inception_hub.cluster.batch_inference import _new_folder

    for output in (str(tmp_path / "rows"), f"file://{tmp_path}/rows"):
        with pytest.raises(KeyError), _new_folder(output) as (_, path):
            Path(path).mkdir(exist_ok=True)
            (Path(path) / "part.parquet").touch()
            raise KeyError
        assert list(tmp_path.iterdir()) == []


def test_rows_that_this_machine_does_not_see_are_missed(
    capsys: pytest.CaptureFixture[str],
    cluster: Any,
    photos: str,
    small_module: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A file that a worker wrote to a disk of its own is gone from here."""
    import ray.data

    write = ray.data.Dataset.write_parquet

    def write_elsewhere(dataset: Any, path: str, **options: Any) -> None:
        write(dataset, path, **options)
        for file in Path(path).glob("*.parquet"):
            file.unlink()

    monkeypatch.setattr(ray.data.Dataset, "write_parquet", write_elsewhere)
    asked = ("classify", photos, "--module", small_module, "--format", "parquet", "--output", "rows")
    code, _, err = run(capsys, *asked, "--ray", cluster.address)
    assert code == 2 and "rows would hold 0 rows for 203 photos; give an --output that all machines" in err
    assert not Path("rows").exists() and not Path("rows.parts").exists()
