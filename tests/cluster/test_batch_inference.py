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
