"""A Ray cluster of two machines, both of them this one: two nodes of one core, of which one may be killed."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
os.environ["RAY_worker_niceness"] = "0"  # its workers give way to all else, which may be other tests


@contextmanager
def two_nodes() -> Iterator[Any]:
    """`ray.cluster_utils.Cluster`: its head, without a core, and two nodes with one core each."""
    import ray
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    try:
        cluster.add_node(num_cpus=1)
        cluster.add_node(num_cpus=1)
        cluster.wait_for_nodes()
        yield cluster
    finally:
        ray.shutdown()
        cluster.shutdown()


def answering(node: Any) -> bool:
    """Whether a worker of `node` is at a task."""
    return any(name.startswith("ray::MapWorker") and ".submit" in name for _, name in processes(node))


def processes(node: Any) -> Iterator[tuple[int, str]]:
    """Ids of the processes of `node`, and their names, where Ray has what they do. Linux."""
    raylets = [each.process.pid for each in node.all_processes.get("raylet", ())]  # none once killed
    for process in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
            name = (process / "cmdline").read_text()
        except OSError:
            continue  # it is gone
        if parent in raylets:
            yield int(process.name), name


def rows(path: Path | str) -> tuple[Any, list[dict[str, Any]]]:
    """Schema and rows, by path, of a Parquet file or folder."""
    from pyarrow import dataset

    table = dataset.dataset(str(path), format="parquet").to_table()
    return table.schema, sorted(table.to_pylist(), key=lambda row: row["path"])
