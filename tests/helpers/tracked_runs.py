"""What trackers keep of a run, by their own readers: settings, scalars by step, how it ended.

wandb has no reader of its offline files in Python: they hold records of its protocol, framed as in LevelDB's
log.
"""

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROJECT = "inception-hub"
Scalars = dict[str, list[tuple[int, float]]]  # step and value by name, in the order of writing


@dataclass
class Kept:
    """A run as its tracker has it."""

    name: str
    identity: str
    settings: dict[str, Any]
    scalars: Scalars
    status: str | None


def of_mlflow() -> list[Kept]:
    """The runs in the database that MLflow is set up for."""
    import mlflow

    client = mlflow.MlflowClient()
    experiment = client.get_experiment_by_name(PROJECT)
    runs = client.search_runs([experiment.experiment_id]) if experiment else []
    return [
        Kept(
            run.info.run_name,
            run.info.run_id,
            run.data.params,
            {
                name: [(each.step, each.value) for each in client.get_metric_history(run.info.run_id, name)]
                for name in run.data.metrics
            },
            run.info.status,
        )
        for run in runs
    ]


def of_trackio() -> list[Kept]:
    """The runs in the folder that trackio is set up for."""
    import trackio
    from trackio.sqlite_storage import SQLiteStorage

    kept = []
    for run in trackio.Api().runs(PROJECT):
        scalars: Scalars = {}
        for row in SQLiteStorage.get_logs(PROJECT, run.name):
            for name, value in row.items():
                if name not in ("step", "timestamp"):
                    scalars.setdefault(name, []).append((row["step"], value))
        settings = {name: value for name, value in run.config.items() if not name.startswith("_")}
        kept.append(Kept(run.name, run.name, settings, scalars, None))
    return kept


def of_wandb(folder: Path) -> list[Kept]:
    """The offline runs in `folder`, in the order in which they began."""
    import wandb

    wandb.teardown()  # ends wandb's process, which may have something to write yet
    kept = []
    for path in sorted(folder.glob("wandb/offline-run-*/*.wandb")):
        run = Kept("", "", {}, {}, None)
        for record in _wandb_records(path.read_bytes()):
            kind = record.WhichOneof("record_type")
            if kind == "run":
                run.name, run.identity = record.run.display_name, record.run.run_id
                assert record.run.project == PROJECT
                settings = {each.key: json.loads(each.value_json) for each in record.run.config.update}
                run.settings = {name: each for name, each in settings.items() if name != "_wandb"}
            elif kind == "history":
                values = {
                    each.key or each.nested_key[0]: json.loads(each.value_json)
                    for each in record.history.item
                }
                for name, value in values.items():
                    if not name.startswith("_"):
                        run.scalars.setdefault(name, []).append((values["_step"], value))
            elif kind == "exit":
                run.status = str(record.exit.exit_code)
        kept.append(run)
    return kept


def _wandb_records(content: bytes) -> Iterator[Any]:
    from wandb.proto.wandb_internal_pb2 import Record

    assert content[:4] == b":W&B"
    block, header = 1 << 15, struct.Struct("<IHB")  # checksum, length, and which part of a record it is
    position, whole = 7, b""
    while position + header.size <= len(content):
        if block - position % block < header.size:  # what is left of a block is empty
            position += block - position % block
            continue
        _, length, part = header.unpack_from(content, position)
        position += header.size
        whole += content[position : position + length]
        position += length
        if part in (1, 4):  # all of it, or its end
            record = Record()
            record.ParseFromString(whole)
            yield record
            whole = b""
